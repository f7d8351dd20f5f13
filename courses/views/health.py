"""The report on the health of the content: what is to be mended, and where."""

from collections import Counter
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.reports import ReportView
from wagtail.permission_policies.pages import PagePermissionPolicy

from common import clock
from courses.queries.health import Finding, HealthIssue, content_findings

_MENDING = {"page": "wagtailadmin_pages:edit", "film": "wagtailmedia:edit", "picture": "wagtailimages:edit"}


class ContentHealthReport(ReportView):
    """A line for each finding, with a link to the page that mends it; as a sheet too."""

    page_title = _("内容体检")
    header_icon = "clipboard-list"
    index_url_name = "courses_content_health"
    index_results_url_name = "courses_content_health_results"
    template_name = "courses/content_health.html"
    results_template_name = "courses/content_health_results.html"
    permission_policy = PagePermissionPolicy()
    any_permission_required = ["add", "change", "publish"]
    list_export = ["issue_name", "title", "detail"]
    export_headings = {"issue_name": _("问题"), "title": _("页面"), "detail": _("说明")}
    # No table of a model: the lines come from several.
    is_searchable = False

    @cached_property
    def findings(self) -> list[Finding]:
        """Every finding of this person, whatever is filtered."""
        return content_findings(self.request.user, now=clock.now())

    @cached_property
    def issue(self) -> str:
        """The issue the list is narrowed to; an unknown one narrows nothing."""
        wanted = self.request.GET.get("issue", "")
        return wanted if wanted in HealthIssue.values else ""

    def get_queryset(self) -> list[Finding]:
        """Return the findings of the issue asked for."""
        return [one for one in self.findings if not self.issue or one.issue == self.issue]

    def get_filename(self) -> str:
        """Name the sheet by its day."""
        return f"content-health-{clock.today():%Y-%m-%d}"

    def decorate_paginated_queryset(self, object_list: list[Finding]) -> list[Any]:
        """Give each line on the page its address."""
        if self.is_export:
            return object_list
        return [
            {"finding": one, "url": reverse(_MENDING[one.target], args=[one.target_pk])}
            for one in object_list
        ]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add how many findings there are of each issue."""
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        counts = Counter(one.issue for one in self.findings)
        context["issues"] = [(one, counts[one]) for one in HealthIssue if counts[one]]
        context["issue"] = self.issue
        context["total"] = len(self.findings)
        return context
