"""Who asks: a gate with its own token, about its own units."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from access.queries.clearance import AskingGate, asking_gate
from access.tally import LIMITER
from common.addresses import client_address
from common.clock import now
from people.api.problems import ApiProblem, unauthorised

REFUSALS_PER_MINUTE = 30
LISTS_PER_MINUTE = 10
WINDOW_S = 60


class GateRequest(HttpRequest):
    """A request behind `GateAuth`: `auth` is the gate."""

    auth: AskingGate


class GateAuth(HttpBearer):
    """Lets a gate in by its token; what it may ask about is written beside it."""

    def authenticate(self, request: HttpRequest, token: str) -> AskingGate:
        """Return the gate. One query.

        Raises ApiProblem: 401 for an unknown, stopped or ended token, 403 for another address than the gate's, 429
        for too many calls or refusals. Both limits are counted in this process alone.
        """
        request.user = AnonymousUser()
        moment = now()
        gate = asking_gate(token)
        problem: ApiProblem | None = None
        if gate is None:
            problem = unauthorised("token_invalid", _("令牌无效或已作废"))
        elif gate.expires_on < localdate(moment):
            message = _("令牌已于 %(day)s 到期，请在后台换一个新的") % {"day": gate.expires_on.isoformat()}
            problem = unauthorised("token_expired", message)
        elif not gate.allows_address(client_address(request)):
            problem = ApiProblem(403, "address_not_allowed", _("这个令牌不允许从您的地址使用"), "client")
        if problem is not None or gate is None:
            client = f"refused:{client_address(request)}"
            if not LIMITER.within(client, REFUSALS_PER_MINUTE, moment):
                raise _too_many()
            raise problem or unauthorised("token_invalid", _("令牌无效或已作废"))
        if not LIMITER.within(f"gate:{gate.pk}", gate.calls_per_minute, moment):
            raise _too_many()
        request.api_grant_id = f"gate:{gate.pk}"  # type: ignore[attr-defined]
        return gate


def limit_lists(gate: AskingGate) -> None:
    """Count a whole list, which costs more than an answer. Raises ApiProblem (429)."""
    if not LIMITER.within(f"list:{gate.pk}", LISTS_PER_MINUTE, now()):
        raise _too_many()


def _too_many() -> ApiProblem:
    headers: dict[str, Any] = {"Retry-After": str(WINDOW_S)}
    return ApiProblem(429, "too_many_requests", _("请求太频繁，请一分钟后再试"), "client", headers=headers)
