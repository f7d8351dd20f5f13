"""Site-wide middleware."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

# Five of Wagtail 8's admin templates carry inline <script>, and Draftail sets inline styles
# (wagtail #1288 is open), so the back office gets a looser policy than the pages of learners.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Send the strict policy everywhere but below /admin/."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Choose the policy by path, then let django-csp write the header."""
        if request.path.startswith("/admin/") and not hasattr(response, "_csp_update"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]
        return super().process_response(request, response)
