"""Addresses of the learning record store. Other systems know them by the specification."""

from django.urls import path

from xapi import api

app_name = "xapi"

urlpatterns = [
    path("about", api.about, name="about"),
    path("statements", api.statements, name="statements"),
]
