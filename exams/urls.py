"""Addresses of the candidate's pages, below /exam/."""

from django.urls import path

from exams.views import attempts, integrity, media, practice, sittings, spot_taking

app_name = "exams"
urlpatterns = [
    path("seat/<str:token>/", sittings.ticket, name="ticket"),
    path("sitting/<uuid:public_id>/", sittings.lobby, name="lobby"),
    path("sitting/<uuid:public_id>/state", sittings.lobby_state, name="lobby-state"),
    path("sitting/<uuid:public_id>/arrive", sittings.lobby_arrive, name="lobby-arrive"),
    path("sitting/<uuid:public_id>/start", sittings.lobby_start, name="lobby-start"),
    path("practice/", practice.home, name="practice"),
    path("practice/daily/", practice.daily, name="practice-daily"),
    path("practice/topic/<int:topic_id>/", practice.topic_set, name="practice-topic"),
    path("practice/post/", practice.post_set, name="practice-post"),
    path("practice/wrong/", practice.wrong, name="practice-wrong"),
    path("practice/wrong/set/", practice.wrong_set, name="practice-wrong-set"),
    path("practice/answer/", practice.answer, name="practice-answer"),
    path("practice/media/<str:ticket>/", practice.ticket_media, name="practice-media"),
    path("practice/mock/start/<slug:code>/", practice.mock_start, name="practice-mock-start"),
    path("practice/mock/<uuid:public_id>/", practice.mock, name="practice-mock"),
    path("practice/mock/<uuid:public_id>/media/<int:slot>/", practice.mock_media, name="practice-mock-media"),
    path("practice/campaign/<int:campaign_id>/", practice.campaign_page, name="practice-campaign"),
    path("practice/campaign/<int:campaign_id>/set/", practice.campaign_set, name="practice-campaign-set"),
    path("spot/<str:code>/", spot_taking.spot_door, name="spot"),
    path("spot/seat/<str:token>/", spot_taking.spot_seat, name="spot-seat"),
    path("spot/seat/<str:token>/media/<int:slot>/", spot_taking.spot_media, name="spot-media"),
    path("start/<slug:code>/", attempts.start, name="start"),
    path("<uuid:public_id>/", attempts.attempt_page, name="attempt"),
    path("<uuid:public_id>/save", attempts.save, name="save"),
    path("<uuid:public_id>/next", attempts.go_next, name="next"),
    path("<uuid:public_id>/standing", attempts.standing, name="standing"),
    path("<uuid:public_id>/submit", attempts.submit, name="submit"),
    path("<uuid:public_id>/take-over", attempts.move_here, name="take-over"),
    path("<uuid:public_id>/media/<int:slot>", media.attempt_media, name="media"),
    path("<uuid:public_id>/events", integrity.events, name="events"),
    path("<uuid:public_id>/photo-consent", integrity.photo_consent, name="photo-consent"),
    path("<uuid:public_id>/photo", integrity.photo, name="photo"),
    path("<uuid:public_id>/result", attempts.result, name="result"),
]
