"""Addresses of jobs."""

from django.urls import path

from jobs.views import job_detail, job_file

app_name = "jobs"
urlpatterns = [
    path("<uuid:job_id>/", job_detail, name="detail"),
    path("<uuid:job_id>/file/", job_file, name="file"),
]
