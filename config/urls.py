"""All addresses of the site."""

from django.urls import include, path
from django.views.i18n import set_language
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from config.health import SiteHealthView
from people.views.sign_in import sign_in

urlpatterns = [
    path("", include("portal.urls")),
    path("", include("certificates.urls")),
    path("", include("courses.urls")),
    path("", include("people.urls")),
    path("jobs/", include("jobs.urls")),
    path("exam/", include("exams.urls")),
    path("health/", SiteHealthView.as_view(), name="health"),
    path("language/", set_language, name="set_language"),
    path("admin/login/", sign_in),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("learn/", include(wagtail_urls)),
]
