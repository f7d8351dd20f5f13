"""The back office's lists: questions, banks, topics, exams, attempts. Each row is in the reader's scope."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django_filters import BooleanFilter, ChoiceFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.admin.widgets.button import HeaderButton

from exams.models import Attempt, AttemptState, Bank, Exam, Question, QuestionKind, Topic
from exams.permissions import is_examiner
from exams.queries.office import attempts_in_scope, banks_for, exams_for, questions_for, topics
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

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse those who may not see the list."""
        if not self.may_see(request):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_see(self, request: HttpRequest) -> bool:
        """Tell whether the reader may see this list at all; the rows are scoped besides."""
        return is_examiner(request.user)

    @property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer to add a row."""
        if not self.add_url_name:
            return []
        return [HeaderButton(self.add_label, url=reverse(self.add_url_name), icon_name="plus")]


class QuestionFilters(WagtailFilterSet):
    """What the list of questions can be narrowed by."""

    bank = ModelChoiceFilter(label=gettext_lazy("题库"), queryset=lambda request: banks_for(request.user))
    topic = ModelChoiceFilter(label=gettext_lazy("知识点"), queryset=Topic.objects.order_by("code"))
    kind = ChoiceFilter(
        label=gettext_lazy("题型"), field_name="current_version__kind", choices=QuestionKind.choices
    )
    must_know = BooleanFilter(label=gettext_lazy("必知题"))
    retired = BooleanFilter(
        label=gettext_lazy("已停用"), field_name="retired_at", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Question
        fields = ["bank", "topic", "kind", "must_know", "retired"]


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
    columns = [
        TitleColumn(
            "code",
            label=gettext_lazy("题号"),
            sort_key="code",
            get_url=lambda question: reverse("exams_office:question-edit", args=[question.pk]),
        ),
        Column(
            "stem",
            label=gettext_lazy("题干"),
            accessor=lambda question: truncatechars(str(question.current_version or ""), 40),
        ),
        Column("kind", label=gettext_lazy("题型"), accessor="current_version.get_kind_display"),
        Column("topic", label=gettext_lazy("知识点"), accessor="topic", sort_key="topic__code"),
        Column("bank", label=gettext_lazy("题库"), accessor="bank", sort_key="bank__code"),
        Column("difficulty", label=gettext_lazy("难度"), accessor="current_version.difficulty"),
        Column(
            "must_know",
            label=gettext_lazy("必知题"),
            accessor=lambda question: gettext("必知") if question.must_know else "",
        ),
        Column(
            "state",
            label=gettext_lazy("状态"),
            accessor=lambda question: gettext("已停用") if question.retired_at else gettext("在用"),
        ),
    ]

    def get_base_queryset(self) -> QuerySet[Question]:
        """Return the questions in scope."""
        return questions_for(self.request.user)


class BankList(OfficeList):
    """Banks in the reader's scope."""

    model = Bank
    page_title = pgettext_lazy("plural", "题库")
    index_url_name = "exams_office:banks"
    index_results_url_name = "exams_office:banks-results"
    add_url_name = "exams_office:bank-add"
    add_label = gettext_lazy("新建题库")
    columns = [
        TitleColumn(
            "name",
            label=gettext_lazy("名称"),
            get_url=lambda bank: reverse("exams_office:bank-edit", args=[bank.pk]),
        ),
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column(
            "owner", label=gettext_lazy("所属单位"), accessor=lambda bank: bank.owner or gettext("全公司共用")
        ),
        Column("question_count", label=gettext_lazy("在用试题")),
    ]

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
    columns = [
        TitleColumn(
            "name",
            label=gettext_lazy("名称"),
            get_url=lambda topic: reverse("exams_office:topic-edit", args=[topic.pk]),
        ),
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
    columns = [
        TitleColumn(
            "title",
            label=gettext_lazy("名称"),
            get_url=lambda exam: reverse("exams_office:exam-edit", args=[exam.pk]),
        ),
        Column("code", label=gettext_lazy("编码"), sort_key="code"),
        Column("bank", label=gettext_lazy("题库")),
        Column("question_count", label=gettext_lazy("题数")),
        Column("duration", label=gettext_lazy("分钟"), accessor=lambda exam: exam.duration_s // 60),
        Column("pass_pct", label=gettext_lazy("合格线")),
        Column("attempt_count", label=pgettext_lazy("plural", "答卷")),
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
        Column("employee", label=gettext_lazy("员工")),
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
