"""Addresses of the learner's pages."""

from django.urls import path

from portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("me/", views.me, name="me"),
    path("me/badge/", views.badge, name="badge"),
    path("me/licences/", views.licences, name="licences"),
    path("me/licences/<int:pk>/scan/", views.licence_scan, name="licence-scan"),
    path("me/notices/read/", views.read_notices, name="read-notices"),
    path("tasks/<uuid:public_id>/", views.task, name="task"),
    path("tasks/<uuid:public_id>/exam/<int:component_id>/", views.task_exam, name="task-exam"),
    path(
        "tasks/<uuid:public_id>/exam/<int:component_id>/start/", views.start_task_exam, name="start-task-exam"
    ),
    path("tasks/<uuid:public_id>/letters/<int:component_id>/", views.task_letter, name="task-letter"),
    path("tasks/<uuid:public_id>/reflection/", views.task_reflection, name="task-reflection"),
]
