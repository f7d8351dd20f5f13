"""Addresses of films, pictures and study proof. Lessons themselves are Wagtail pages below /learn/."""

from django.urls import path

from courses.views import files, study

app_name = "courses"

urlpatterns = [
    path("films/<int:pk>/poster", files.poster, name="poster"),
    path("films/<int:pk>/subtitles/<slug:language>.vtt", files.subtitles, name="subtitles"),
    path("films/<int:pk>/<str:filename>", files.film, name="film"),
    path("media/<path:name>", files.picture, name="media"),
    path("study/lessons/<int:lesson_pk>/open", study.session_open, name="session-open"),
    path("study/<uuid:session_id>/beat", study.beat, name="beat"),
    path("study/<uuid:session_id>/confirm", study.confirm, name="confirm"),
]
