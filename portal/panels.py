"""The panels of the back office's first page: what needs doing today."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.components import Component
from wagtail.models import Page

from common.clock import now, today
from jobs.clock_watch import steps_to_show
from jobs.schedules import is_alive
from people.models import User
from people.permissions import Capability, allows
from training.queries.pushes import reviewed_to_push
from training.queries.work import WorkCounts, on_site_owed_count, work_counts

PUSH_OFFERED_FOR = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TodayLine:
    """One thing that needs somebody: a safety sign, its word, how many, and where it is settled."""

    sign: str  # must | care | stop | safe
    text: str | Promise
    count: int
    link: str


class TodayPanel(Component):
    """Who needs something today, each line leading to where it is settled. First on the page."""

    name = "today"
    order = 10
    template_name = "portal/admin/today_panel.html"

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_context_data(self, parent_context):
        """Gather the lines this user may act on."""
        user = parent_context["request"].user
        return {
            "lines": list(today_lines(user)),
            "on": today(),
            "has_worklist": allows(user, Capability.VIEW_COVERAGE),
        }


def today_lines(user: User | AnonymousUser) -> Iterator[TodayLine]:
    """Yield what waits for this user; only what the user's roles let him or her see."""
    if allows(user, Capability.VIEW_COVERAGE):
        yield from _people_lines(work_counts(user, today()))
    if allows(user, Capability.RECORD_TRAINING):
        waiting = on_site_owed_count(user)
        if waiting:
            yield TodayLine("must", _("现场教育未登记完"), waiting, reverse("training_office:on-site"))
    if allows(user, Capability.EDIT_CONTENT):
        drafts = Page.objects.filter(depth__gt=2, has_unpublished_changes=True).count()
        if drafts:
            yield TodayLine("must", _("草稿等待发布"), drafts, reverse("wagtailadmin_reports:site_history"))
    if allows(user, Capability.PUSH_CASES):
        yield from _push_lines(user)
    if getattr(user, "is_superuser", False):
        yield from _system_lines()


def _system_lines() -> Iterator[TodayLine]:
    """Say what is wrong with the machines; the health page has the words for whoever mends it."""
    if not is_alive(now()):
        yield TodayLine(
            "stop", _("后台队列三分钟没有心跳：证书和影片处理已停，请重启队列进程"), 1, reverse("health")
        )
    steps = steps_to_show(now())
    if steps:
        text = _("服务器时钟被拨动，或与数据库服务器不一致：请检查时间同步，并核对当时在考的场次")
        yield TodayLine("stop", text, len(steps), reverse("health"))


def _push_lines(user: User | AnonymousUser) -> Iterator[TodayLine]:
    """Lead to what came back from review and was pushed to nobody yet; a single one at once."""
    lessons = reviewed_to_push(user, now() - PUSH_OFFERED_FOR)
    if lessons:
        link = (
            reverse("training_office:push-add", args=[lessons[0].pk])
            if len(lessons) == 1
            else reverse("training_office:pushes")
        )
        yield TodayLine("must", _("已通过审核并发布，还没有推送：谁应学习？"), len(lessons), link)


def _people_lines(work: WorkCounts) -> Iterator[TodayLine]:
    def section(name: str) -> str:
        return reverse("training_office:worklist-section", args=[name])

    # Each leads to the lines it counts.
    lines = (
        TodayLine("must", _("新入职，培训未完成"), work.new_count, section("new")),
        TodayLine("must", _("转岗、返岗，培训未完成"), work.moved_count, section("moved")),
        TodayLine("care", _("培训逾期"), work.late_count, section("late")),
        TodayLine("care", _("证件 30 天内到期或须复审"), work.licences_count, section("licences")),
        TodayLine("stop", _("不可上岗"), work.blocked_count, section("blocked")),
    )
    yield from (line for line in lines if line.count)
