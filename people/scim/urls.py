"""Addresses of SCIM."""

from django.urls import path

from people.scim import views

app_name = "scim"
urlpatterns = [
    path("ServiceProviderConfig", views.service_provider_config, name="config"),
    path("ResourceTypes", views.described, {"kind": "ResourceTypes"}, name="resource-types"),
    path("ResourceTypes/<str:name>", views.described, {"kind": "ResourceTypes"}, name="resource-type"),
    path("Schemas", views.described, {"kind": "Schemas"}, name="schemas"),
    path("Schemas/<str:name>", views.described, {"kind": "Schemas"}, name="schema"),
    path("Users", views.user_list, name="users"),
    path("Users/.search", views.user_list, name="user-search"),
    path("Users/<str:user_id>", views.user_one, name="user"),
    path("Groups", views.group_list, name="groups"),
    path("Groups/.search", views.group_list, name="group-search"),
    path("Groups/<str:group_id>", views.group_one, name="group"),
    path(".search", views.search_everything, name="search"),
    path("", views.unknown),
    path("<path:path>", views.unknown),
]
