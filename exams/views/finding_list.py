"""The queue of findings: what waits for a person, the clearest first."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext_lazy
from django_filters import ChoiceFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from exams.models import Exam, Finding, FindingKind, FindingState
from exams.queries.integrity import findings_for, waiting_for_a_look
from exams.viewsets import OfficeList, sees_results
from people.permissions import Capability, allows

NAMES_SHOWN = 4


class FindingFilters(WagtailFilterSet):
    """What the queue can be narrowed by; what waits is shown unless something else is asked for."""

    exam = ModelChoiceFilter(label=gettext_lazy("考试"), queryset=Exam.objects.order_by("code"))
    kind = ChoiceFilter(label=gettext_lazy("疑点"), choices=FindingKind.choices)
    state = ChoiceFilter(label=gettext_lazy("状态"), choices=FindingState.choices)

    class Meta:
        model = Finding
        fields = ["exam", "kind", "state"]


def _people(finding: Finding) -> str:
    names = list({attempt.employee_id: attempt.employee.name for attempt in finding.attempts.all()}.values())
    shown = "、".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    if more <= 0:
        return shown
    return shown + ngettext("等 %(n)s 人", "等 %(n)s 人", len(names)) % {"n": len(names)}


def _strength(finding: Finding) -> str:
    return {1: gettext("弱"), 2: gettext("中"), 3: gettext("强")}[finding.strength]


class FindingList(OfficeList):
    """Findings about people all of whose results the reader may see."""

    model = Finding
    page_title = pgettext_lazy("plural", "疑点")
    is_searchable = True
    search_fields = ["exam__title", "exam__code"]
    filterset_class = FindingFilters
    index_url_name = "exams_office:findings"
    index_results_url_name = "exams_office:findings-results"
    template_name = "exams/office_findings.html"
    columns = [
        TitleColumn(
            "kind",
            label=gettext_lazy("疑点"),
            accessor="get_kind_display",
            get_url=lambda finding: reverse("exams_office:finding", args=[finding.pk]),
        ),
        Column("people", label=gettext_lazy("有关的人"), accessor=_people),
        Column("exam", label=gettext_lazy("考试")),
        Column("strength", label=gettext_lazy("强度"), accessor=_strength, sort_key="strength"),
        Column("state", label=gettext_lazy("状态"), accessor="get_state_display"),
        Column(
            "found_at",
            label=gettext_lazy("发现时间"),
            accessor=lambda finding: f"{localtime(finding.found_at):%Y-%m-%d %H:%M}",
            sort_key="found_at",
        ),
    ]

    def may_see(self, request: HttpRequest) -> bool:
        """Open the list to all who may see results."""
        return sees_results(request.user)

    @cached_property
    def may_search(self) -> bool:
        """Tell whether the reader may have a search made."""
        return allows(self.request.user, Capability.REVIEW_FINDINGS)

    @property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer to look through an exam now to those who decide findings."""
        if not self.may_search:
            return []
        return [
            HeaderButton(gettext("查找疑点"), url=reverse("exams_office:findings-search"), icon_name="search")
        ]

    def get_base_queryset(self) -> QuerySet[Finding]:
        """Return the findings in scope; those that wait, unless a state is asked for."""
        found = findings_for(self.request.user)
        return found if self.request.GET.get("state") else found.filter(state=FindingState.OPEN)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the people who declined photographs and whom nobody has looked at yet."""
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        if self.may_search and not self.results_only:
            context["to_look_at"] = waiting_for_a_look(self.request.user)[:20]
        return context
