"""Addresses of this room outside the back office."""

from django.urls import path

from certificates.views import public

app_name = "certificates"

urlpatterns = [
    path("verify/", public.find, name="verify-find"),
    path("verify/<str:code>/", public.verify, name="verify"),
    path("certificates/<uuid:public_id>.pdf", public.download, name="download"),
]
