"""Addresses of signing in and of display preferences."""

from django.urls import path

from people.views.preferences import preferences
from people.views.sign_in import join, password, sign_in, sign_out

app_name = "people"
urlpatterns = [
    path("login/", sign_in, name="login"),
    path("logout/", sign_out, name="logout"),
    path("password/", password, name="password"),
    path("join/<str:token>/", join, name="join"),
    path("preferences/", preferences, name="preferences"),
]
