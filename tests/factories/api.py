"""Tokens of other systems."""

import datetime as dt
from typing import Any

from django.test import Client

from common.clock import now, today
from people.actions.api_grants import create_api_grant
from people.models import ApiCapability, ApiGrant, OrgUnit, Role, User
from tests.factories.people import RoleGrantFactory


def make_token(
    *capabilities: str, unit: OrgUnit, account: User | None = None, days: int = 30, **more: Any
) -> tuple[ApiGrant, str]:
    """Return a grant over `unit` and its token; with no capabilities it has them all.

    The account is an HR officer of the unit unless one is given.
    """
    return create_api_grant(
        account=account or RoleGrantFactory(role=Role.HR_OFFICER, unit=unit).user,
        purpose="人事系统",
        capabilities=capabilities or ApiCapability.values,
        expires_on=today() + dt.timedelta(days),
        acting_user=None,
        now=now(),
        **more,
    )


def api_client(token: str, **more: Any) -> Client:
    """Return a test client that sends a token with each call."""
    return Client(headers={"Authorization": f"Bearer {token}"}, **more)
