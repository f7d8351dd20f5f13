"""Addresses of the candidate's pages, below /exam/."""

from django.urls import path

from exams.views import attempts

app_name = "exams"
urlpatterns = [
    path("start/<slug:code>/", attempts.start, name="start"),
    path("<uuid:public_id>/", attempts.attempt_page, name="attempt"),
    path("<uuid:public_id>/save", attempts.save, name="save"),
    path("<uuid:public_id>/submit", attempts.submit, name="submit"),
    path("<uuid:public_id>/take-over", attempts.move_here, name="take-over"),
    path("<uuid:public_id>/result", attempts.result, name="result"),
]
