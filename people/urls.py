"""Addresses of signing in, of one's own account, of shared tablets and of display preferences."""

from django.urls import path

from people.views import account, kiosk, own_data, photo
from people.views.preferences import preferences
from people.views.sign_in import join, password, sign_in, sign_out

app_name = "people"
urlpatterns = [
    path("login/", sign_in, name="login"),
    path("logout/", sign_out, name="logout"),
    path("password/", password, name="password"),
    path("join/<str:token>/", join, name="join"),
    path("preferences/", preferences, name="preferences"),
    path("me/data/", own_data.own_data, name="own-data"),
    path("me/data/copy/", own_data.request_own_copy, name="request-own-copy"),
    path("me/data/copy/<uuid:public_id>/", own_data.copy_file, name="own-copy"),
    path("me/data/photo/", photo.own_photo, name="own-photo"),
    path("account/", account.account, name="account"),
    path("account/sessions/", account.sessions, name="sessions"),
    path("account/sessions/end/", account.end_session, name="end-session"),
    path("account/unknown/", account.unknown_identity, name="unknown-identity"),
    path("account/link/", account.link, name="link"),
    path("account/unlink/", account.unlink, name="unlink"),
    path("account/pin/", account.pin, name="pin"),
    path("kiosk/", kiosk.kiosk, name="kiosk"),
    path("kiosk/time/", kiosk.kiosk_time, name="kiosk-time"),
    path("kiosk/end/", kiosk.kiosk_end, name="kiosk-end"),
    path("kiosk/pair/<str:token>/", kiosk.kiosk_pair, name="kiosk-pair"),
]
