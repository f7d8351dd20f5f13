"""Addresses of films, pictures and study proof. Lessons themselves are Wagtail pages below /learn/."""

from django.urls import path

from courses.views import files, packages, streams, study, wall_cards

app_name = "courses"

urlpatterns = [
    path("films/<int:pk>/poster", files.poster, name="poster"),
    path("films/<int:pk>/subtitles/<slug:language>.vtt", files.subtitles, name="subtitles"),
    path("films/<int:pk>/address", streams.address, name="film-address"),
    path("films/via/<str:token>/film.m3u8", streams.playlist, name="stream-playlist"),
    path("films/via/<str:token>/sound.m4a", streams.sound, name="stream-sound"),
    path("films/via/<str:token>/<int:size>/index.m3u8", streams.playlist, name="stream-size"),
    path("films/via/<str:token>/<int:size>/<int:number>.ts", streams.segment, name="stream-segment"),
    path("films/<int:pk>/<str:filename>", files.film, name="film"),
    path("packages/<str:ticket>/<path:path>", packages.file, name="package-file"),
    path("media/<path:name>", files.picture, name="media"),
    path("learn/wall-card/<int:pk>.pdf", wall_cards.wall_card, name="wall-card"),
    path("learn/wall-card/<int:pk>/", wall_cards.scanned_card, name="scanned-card"),
    path("study/lessons/<int:lesson_pk>/open", study.session_open, name="session-open"),
    path("study/<uuid:session_id>/beat", study.beat, name="beat"),
    path("study/<uuid:session_id>/check", study.check, name="check"),
    path("study/<uuid:session_id>/package", packages.report, name="package-report"),
    path("study/<uuid:session_id>/confirm", study.confirm, name="confirm"),
]
