"""Addresses of signing in with WeCom."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from people.providers.wecom.provider import WecomProvider

urlpatterns = default_urlpatterns(WecomProvider)
