"""The back office's lists: questions, banks, topics, exams, attempts. Each row is in the reader's scope."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django_filters import BooleanFilter, ChoiceFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.admin.widgets.button import HeaderButton

from exams.filters import QuestionFilters
from exams.models import Attempt, AttemptState, Bank, Exam, Question, Sitting, SittingState, Topic
from exams.queries.office import attempts_in_scope, banks_for, exams_for, questions_for, topics
from exams.queries.review import review_queue
from exams.queries.sittings import sittings_seen_by
from people.models import User
from people.permissions import Capability, allows


def sees_results(user: User | AnonymousUser) -> bool:
    """Tell whether a user may see results of anyone."""
    return allows(user, Capability.VIEW_RESULTS)


class OfficeList(BaseListingView):
    """A list of the exams menu: searchable, filtered, 50 a page, refused to those without the capability."""

    header_icon = "list-ol"
    paginate_by = 50
    add_url_name = ""
    add_label: Any = ""
    edit_capability = Capability.MANAGE_EXAMS
    edit_url_name = ""
    read_url_name = ""
    title: dict[str, Any] = {}
    more_columns: list[Column] = []

    @cached_property
    def may_edit(self) -> bool:
        """Tell whether the reader changes rows of this list anywhere."""
        return allows(self.request.user, self.edit_capability)

    @cached_property
    def columns(self) -> list[Column]:
        """Return the title, leading to the form for those who may change the row, and the other columns."""
        url_name = self.edit_url_name if self.may_edit else self.read_url_name
        get_url = (lambda row: reverse(url_name, args=[row.pk])) if url_name else None
        return [TitleColumn(**self.title, get_url=get_url), *self.more_columns]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse those who may not see the list."""
        if not self.may_see(request):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_see(self, request: HttpRequest) -> bool:
        """Tell whether the reader may see this list at all; the rows are scoped besides."""
        return allows(request.user, Capability.VIEW_BANK)

    @property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer to add a row to those who may."""
        if not self.add_url_name or not self.may_edit:
            return []
        return [HeaderButton(self.add_label, url=reverse(self.add_url_name), icon_name="plus")]


def _state_of(question: Question) -> str:
    if question.retired_at:
        return gettext("已停用")
    if question.pending_version_id:
        return question.get_review_state_display()
    return gettext("在用")


class QuestionList(OfficeList):
    """Questions in the reader's banks."""

    model = Question
    page_title = pgettext_lazy("plural", "试题")
    is_searchable = True
    search_fields = ["code", "current_version__stem"]
    filterset_class = QuestionFilters
    index_url_name = "exams_office:questions"
    index_results_url_name = "exams_office:questions-results"
    add_url_name = "exams_office:question-add"
    add_label = gettext_lazy("新建试题")
    edit_capability = Capability.WRITE_QUESTIONS
    edit_url_name = "exams_office:question-edit"
    read_url_name = "exams_office:question-preview"
    title = {"name": "code", "label": gettext_lazy("题号"), "sort_key": "code"}
    more_columns = [
        Column(
            "stem",
            label=gettext_lazy("题干"),
            accessor=lambda question: truncatechars(str(question.newest or ""), 40),
        ),
        Column("kind", label=gettext_lazy("题型"), accessor="newest.get_kind_display"),
        Column("topic", label=gettext_lazy("知识点"), accessor="topic", sort_key="topic__code"),
        Column("bank", label=gettext_lazy("题库"), accessor="bank", sort_key="bank__code"),
        Column("difficulty", label=gettext_lazy("难度"), accessor="newest.difficulty"),
        Column(
            "must_know",
            label=gettext_lazy("必知题"),
            accessor=lambda question: gettext("必知") if question.must_know else "",
        ),
        Column(
            "tags",
            label=gettext_lazy("标签"),
            accessor=lambda question: "，".join(sorted(tag.name for tag in question.tags.all())),
        ),
        Column(
            "state",
            label=gettext_lazy("状态"),
            accessor=_state_of,
        ),
    ]

    def get_base_queryset(self) -> QuerySet[Question]:
        """Return the questions in scope, with their tags."""
        return questions_for(self.request.user).prefetch_related("tags")

    @property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer a new question, and to change many of those in the list."""
        buttons = super().header_buttons
        if self.may_edit:
            address = f"{reverse('exams_office:questions-bulk')}?{self.request.GET.urlencode()}"
            buttons.append(HeaderButton(gettext("批量修改"), url=address, icon_name="edit"))
        return buttons


class ReviewList(OfficeList):
    """Questions that wait for a second person, those submitted first first."""

    model = Question
    page_title = gettext_lazy("待审核")
    header_icon = "check"
    index_url_name = "exams_office:reviews"
    index_results_url_name = "exams_office:reviews-results"
    edit_capability = Capability.REVIEW_QUESTIONS
    edit_url_name = "exams_office:question-review"
    title = {"name": "code", "label": gettext_lazy("题号")}
    more_columns = [
        Column(
            "stem",
            label=gettext_lazy("题干"),
            accessor=lambda question: truncatechars(str(question.newest or ""), 40),
        ),
        Column("kind", label=gettext_lazy("题型"), accessor="newest.get_kind_display"),
        Column("bank", label=gettext_lazy("题库"), accessor="bank"),
        Column(
            "version",
            label=gettext_lazy("版本"),
            accessor=lambda question: gettext("改动") if question.current_version_id else gettext("新题"),
        ),
        Column("author", label=gettext_lazy("作者"), accessor="pending_version.author"),
        Column(
            "submitted_at",
            label=gettext_lazy("提交时间"),
            accessor=lambda question: (
                f"{localtime(question.submitted_at):%Y-%m-%d %H:%M}" if question.submitted_at else ""
            ),
        ),
    ]

    def may_see(self, request: HttpRequest) -> bool:
        """Open the list to those who review."""
        return allows(request.user, Capability.REVIEW_QUESTIONS)

    def get_base_queryset(self) -> QuerySet[Question]:
        """Return what waits, in scope."""
        return review_queue(self.request.user)


class BankList(OfficeList):
    """Banks in the reader's scope."""

    model = Bank
    page_title = pgettext_lazy("plural", "题库")
    index_url_name = "exams_office:banks"
    index_results_url_name = "exams_office:banks-results"
    add_url_name = "exams_office:bank-add"
    add_label = gettext_lazy("新建题库")
    edit_url_name = "exams_office:bank-edit"
    title = {"name": "name", "label": gettext_lazy("名称")}
    more_columns = [
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column(
            "owner", label=gettext_lazy("所属单位"), accessor=lambda bank: bank.owner or gettext("全公司共用")
        ),
        Column("question_count", label=gettext_lazy("在用试题")),
        TitleColumn(
            "duplicates",
            label=gettext_lazy("查重"),
            accessor=lambda bank: gettext("相近的试题"),
            get_url=lambda bank: reverse("exams_office:bank-duplicates", args=[bank.pk]),
        ),
    ]

    @cached_property
    def columns(self) -> list[Column]:
        """Add the way to import and export for those who write questions."""
        if not allows(self.request.user, Capability.WRITE_QUESTIONS):
            return super().columns
        formats = TitleColumn(
            "formats",
            label=gettext_lazy("导入导出"),
            accessor=lambda bank: gettext("导入导出"),
            get_url=lambda bank: reverse("exams_office:bank-import", args=[bank.pk]),
        )
        return [*super().columns, formats]

    def get_base_queryset(self) -> QuerySet[Bank]:
        """Return the banks in scope."""
        return banks_for(self.request.user)


class TopicList(OfficeList):
    """Topics, which all banks share."""

    model = Topic
    page_title = pgettext_lazy("plural", "知识点")
    index_url_name = "exams_office:topics"
    index_results_url_name = "exams_office:topics-results"
    add_url_name = "exams_office:topic-add"
    add_label = gettext_lazy("新建知识点")
    edit_capability = Capability.WRITE_QUESTIONS
    edit_url_name = "exams_office:topic-edit"
    title = {"name": "name", "label": gettext_lazy("名称")}
    more_columns = [
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column("question_count", label=pgettext_lazy("plural", "试题")),
    ]

    def get_base_queryset(self) -> QuerySet[Topic]:
        """Return all topics."""
        return topics()


class ExamList(OfficeList):
    """Exams on the reader's banks."""

    model = Exam
    page_title = pgettext_lazy("plural", "考试")
    is_searchable = True
    search_fields = ["code", "title"]
    index_url_name = "exams_office:exams"
    index_results_url_name = "exams_office:exams-results"
    add_url_name = "exams_office:exam-add"
    add_label = gettext_lazy("新建考试")
    edit_url_name = "exams_office:exam-edit"
    title = {"name": "title", "label": gettext_lazy("名称")}
    more_columns = [
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column("bank", label=gettext_lazy("题库")),
        Column("question_count", label=gettext_lazy("题数")),
        Column("duration", label=gettext_lazy("分钟"), accessor=lambda exam: exam.duration_s // 60),
        Column("pass_pct", label=gettext_lazy("合格线")),
        TitleColumn(
            "attempt_count",
            label=gettext_lazy("答卷与分析"),
            get_url=lambda exam: reverse("exams_office:exam-analysis", args=[exam.pk]),
        ),
        Column(
            "is_open",
            label=gettext_lazy("状态"),
            accessor=lambda exam: gettext("开放") if exam.is_open else gettext("已关闭"),
        ),
    ]

    def get_base_queryset(self) -> QuerySet[Exam]:
        """Return the exams in scope."""
        return exams_for(self.request.user)


def _score(attempt: Any) -> str:
    return "" if attempt.score_pct is None else f"{attempt.score_pct:.2f}"


def _outcome(attempt: Any) -> str:
    if attempt.passed is None:
        return ""
    return gettext("合格") if attempt.passed else gettext("不合格")


def _handed_in(attempt: Attempt) -> str:
    if attempt.submitted_at is None:
        return ""
    when = f"{localtime(attempt.submitted_at):%Y-%m-%d %H:%M}"
    return gettext("%(when)s（到时自动）") % {"when": when} if attempt.submitted_by_deadline else when


class AttemptFilters(WagtailFilterSet):
    """What the list of attempts can be narrowed by."""

    exam = ModelChoiceFilter(label=gettext_lazy("考试"), queryset=Exam.objects.order_by("code"))
    state = ChoiceFilter(label=gettext_lazy("状态"), choices=AttemptState.choices)
    passed = BooleanFilter(label=gettext_lazy("合格"))

    class Meta:
        model = Attempt
        fields = ["exam", "state", "passed"]


class AttemptList(OfficeList):
    """Attempts of the people whose results the reader may see. Nothing here can be changed."""

    model = Attempt
    page_title = pgettext_lazy("plural", "答卷")
    is_searchable = True
    search_fields = ["employee__name", "employee__employee_no"]
    filterset_class = AttemptFilters
    index_url_name = "exams_office:attempts"
    index_results_url_name = "exams_office:attempts-results"
    columns = [
        TitleColumn(
            "employee",
            label=gettext_lazy("员工"),
            get_url=lambda attempt: reverse("exams_office:attempt-timeline", args=[attempt.public_id]),
        ),
        Column("exam", label=gettext_lazy("考试")),
        Column("number", label=gettext_lazy("第几次")),
        Column("state", label=gettext_lazy("状态"), accessor="get_state_display"),
        Column("score_pct", label=gettext_lazy("成绩"), accessor=_score),
        Column("passed", label=gettext_lazy("结果"), accessor=_outcome),
        Column(
            "started_at",
            label=gettext_lazy("开始时间"),
            accessor=lambda attempt: f"{localtime(attempt.started_at):%Y-%m-%d %H:%M}",
            sort_key="started_at",
        ),
        Column(
            "submitted_at",
            label=gettext_lazy("交卷时间"),
            accessor=_handed_in,
            sort_key="submitted_at",
        ),
    ]

    def may_see(self, request: HttpRequest) -> bool:
        """Open the list to all who may see results, examiners or not."""
        return sees_results(request.user)

    def get_base_queryset(self) -> QuerySet[Attempt]:
        """Return the attempts in scope."""
        return attempts_in_scope(self.request.user)


class SittingFilters(WagtailFilterSet):
    """What the list of sittings can be narrowed by."""

    state = ChoiceFilter(label=gettext_lazy("状态"), choices=SittingState.choices)

    class Meta:
        model = Sitting
        fields = ["state"]


class SittingList(OfficeList):
    """Sittings the reader runs or may look at, the latest first."""

    model = Sitting
    page_title = pgettext_lazy("plural", "考试场次")
    header_icon = "group"
    is_searchable = True
    search_fields = ["title", "place"]
    filterset_class = SittingFilters
    index_url_name = "exams_office:sittings"
    index_results_url_name = "exams_office:sittings-results"
    add_url_name = "exams_office:sitting-add"
    add_label = gettext_lazy("新建考试场次")
    edit_capability = Capability.INVIGILATE
    edit_url_name = "exams_office:sitting"
    read_url_name = "exams_office:sitting"
    default_ordering = "-planned_at"
    title = {"name": "title", "label": gettext_lazy("场次")}
    more_columns = [
        Column(
            "planned_at",
            label=gettext_lazy("开考时间"),
            accessor=lambda sitting: f"{localtime(sitting.planned_at):%Y-%m-%d %H:%M}",
            sort_key="planned_at",
        ),
        Column("exam", label=gettext_lazy("考试"), accessor="exam"),
        Column("place", label=gettext_lazy("考场")),
        Column("seat_count", label=gettext_lazy("人数")),
        Column("state", label=gettext_lazy("状态"), accessor="get_state_display"),
    ]

    def may_see(self, request: HttpRequest) -> bool:
        """Tell whether the reader may look at sittings anywhere."""
        return allows(request.user, Capability.VIEW_SITTINGS)

    def get_base_queryset(self) -> QuerySet[Sitting]:
        """Return the sittings in reach."""
        return sittings_seen_by(self.request.user)
