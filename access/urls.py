"""Addresses of this room outside the back office."""

from django.urls import path

from access.views import badge

app_name = "access"

urlpatterns = [
    path("b/<str:code>/", badge.badge, name="badge"),
]
