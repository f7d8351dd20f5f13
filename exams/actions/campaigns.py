"""Campaigns: made and changed by those who run them."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from exams.errors import BadCampaign
from exams.models import Bank, Campaign, Topic
from people.audit import record_audit
from people.models import OrgUnit, User
from people.permissions import Capability, allows


@transaction.atomic
def save_campaign(
    *,
    title: str,
    starts_on: dt.date,
    ends_on: dt.date,
    units: Sequence[OrgUnit],
    banks: Sequence[Bank],
    topics: Sequence[Topic] = (),
    daily_cap: int = 5,
    campaign: Campaign | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Campaign:
    """Create or change a campaign. What was answered so far keeps counting as it did.

    Raises: PermissionDenied without the capability over every unit; BadCampaign naming what is wrong.
    """
    for unit in units:
        if acting_user is not None and not allows(acting_user, Capability.RUN_CAMPAIGNS, unit):
            raise PermissionDenied(_("你没有在“%(unit)s”办活动的权限。") % {"unit": unit.name})
    if not units:
        raise BadCampaign(_("至少选一个参加单位，否则没有排名。"))
    if ends_on < starts_on:
        raise BadCampaign(_("结束日期在开始日期之前。请改其中一个。"))
    closed = [bank.name for bank in banks if not bank.may_be_practised]
    if not banks or closed:
        raise BadCampaign(
            _("题库“%(bank)s”没有开放练习。请先在题库里打开“可以用来练习”。") % {"bank": closed[0]}
            if closed
            else _("至少选一个题库，否则没有题可答。")
        )
    if campaign is None:
        campaign = Campaign(created_by=acting_user, created_at=now)
    campaign.title, campaign.starts_on, campaign.ends_on = title, starts_on, ends_on
    campaign.daily_cap = daily_cap
    campaign.save()
    campaign.units.set(units)
    campaign.banks.set(banks)
    campaign.topics.set(topics)
    record_audit(campaign, "exams.campaign.save", acting_user)
    return campaign
