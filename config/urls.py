"""All addresses of the site."""

from django.http import Http404
from django.urls import include, path
from django.views.defaults import page_not_found
from django.views.i18n import set_language
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from config.api import api, unknown_address
from config.health import SiteHealthView
from people.views.sign_in import sign_in

urlpatterns = [
    # First, because addresses are tried in this order and these are asked by many at once.
    path("exam/", include("exams.urls")),
    path("", include("portal.urls")),
    path("", include("certificates.urls")),
    path("", include("training.urls")),
    path("", include("access.urls")),
    path("", include("courses.urls")),
    path("", include("people.urls")),
    path("account/", include("config.account_urls")),
    path("login/", sign_in, name="account_login"),
    path("jobs/", include("jobs.urls")),
    path("api/", unknown_address, {"path": ""}),
    path("api/", api.urls),
    path("api/<path:path>", unknown_address),
    path("scim/v2/", include("people.scim.urls")),
    path("xapi/", include("xapi.urls")),
    path("health/", SiteHealthView.as_view(), name="health"),
    path("language/", set_language, name="set_language"),
    path("admin/login/", sign_in),
    # One door to sign in by: Wagtail's own for pages knows neither locking nor second factors.
    path("learn/_util/login/", sign_in),
    # Wagtail's page that fails on purpose is for its own developers.
    path("admin/failwhale/", page_not_found, {"exception": Http404()}),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("learn/", include(wagtail_urls)),
]
