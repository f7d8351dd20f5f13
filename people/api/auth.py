"""Who calls: one of Wagtail's tokens with a grant of ours beside it."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from common.addresses import client_address, in_ranges
from common.clock import now
from common.throttle import within_limit
from people.actions.api_grants import touch_api_grant
from people.api.problems import ApiProblem, unauthorised
from people.models import ApiGrant, User
from people.queries import find_api_grant

REFUSALS_PER_MINUTE = 30
WINDOW_S = 60


class ApiRequest(HttpRequest):
    """A request behind `TokenAuth`: `auth` is the grant, `user` the account it acts as."""

    auth: ApiGrant
    user: User


class TokenAuth(HttpBearer):
    """Lets a token with a capability in; the roles of its account then say over whom."""

    def __init__(self, capability: str = "") -> None:
        super().__init__()
        self.capability = capability

    def authenticate(self, request: HttpRequest, token: str) -> ApiGrant:
        """Return the grant of the token. Raises ApiProblem."""
        return authenticate(request, token, self.capability)


def authenticate(request: HttpRequest, token: str, capability: str) -> ApiGrant:
    """Return the grant of a token that may be used now, from here, for this, and act as its account.

    A session of the browser never counts. Raises ApiProblem: 401 for an unknown or ended token, 403 for the
    wrong address or capability, 429 for too many calls or too many refusals.
    """
    request.user = AnonymousUser()
    moment = now()
    grant = find_api_grant(token)
    refusal = _refusal(request, grant, capability)
    if refusal is not None or grant is None:
        if not within_limit(
            "api-refused", client_address(request), limit=REFUSALS_PER_MINUTE, window_s=WINDOW_S, now=moment
        ):
            raise _too_many(_("被拒绝的请求太多，请一分钟后再试"))
        raise refusal or _unknown()
    if not within_limit(
        "api", str(grant.pk), limit=settings.API_CALLS_PER_MINUTE, window_s=WINDOW_S, now=moment
    ):
        raise _too_many(_("请求太频繁，每分钟最多 %(limit)d 次") % {"limit": settings.API_CALLS_PER_MINUTE})
    request.user = grant.token.user
    request.api_grant_id = grant.pk  # type: ignore[attr-defined]
    touch_api_grant(grant=grant, now=moment)
    return grant


def _refusal(request: HttpRequest, grant: ApiGrant | None, capability: str) -> ApiProblem | None:
    # An unknown token, a revoked one and one of a closed account are answered the same.
    if grant is None or grant.token.revoked_at is not None or not grant.token.user.is_active:
        return _unknown()
    if grant.expires_on < localdate(now()):
        message = _("令牌已于 %(day)s 到期，请在后台换一个新的") % {"day": grant.expires_on.isoformat()}
        return unauthorised("token_expired", message)
    if grant.ip_ranges and not in_ranges(client_address(request), grant.ip_ranges):
        return ApiProblem(403, "address_not_allowed", _("这个令牌不允许从您的地址使用"), "client")
    if capability and not grant.allows(capability):
        message = _("这个令牌没有“%(capability)s”权限") % {"capability": capability}
        return ApiProblem(403, "capability_missing", message, "header.Authorization")
    return None


def _unknown() -> ApiProblem:
    return unauthorised("token_invalid", _("令牌无效或已作废"))


def _too_many(message: str) -> ApiProblem:
    return ApiProblem(429, "too_many_requests", message, "client", headers={"Retry-After": str(WINDOW_S)})
