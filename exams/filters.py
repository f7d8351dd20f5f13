"""What lists of the back office can be narrowed by."""

from django.utils.translation import gettext_lazy
from django_filters import BooleanFilter, ChoiceFilter, ModelChoiceFilter  # type: ignore[import-untyped]
from wagtail.admin.filters import WagtailFilterSet

from exams.models import Question, QuestionTag, Topic, kind_choices
from exams.queries.office import banks_for


class QuestionFilters(WagtailFilterSet):
    """What the list of questions can be narrowed by."""

    bank = ModelChoiceFilter(label=gettext_lazy("题库"), queryset=lambda request: banks_for(request.user))
    topic = ModelChoiceFilter(label=gettext_lazy("知识点"), queryset=Topic.objects.order_by("code"))
    kind = ChoiceFilter(label=gettext_lazy("题型"), field_name="current_version__kind", choices=kind_choices)
    tag = ModelChoiceFilter(
        label=gettext_lazy("标签"), field_name="tags", queryset=QuestionTag.objects.order_by("name")
    )
    must_know = BooleanFilter(label=gettext_lazy("必知题"))
    retired = BooleanFilter(
        label=gettext_lazy("已停用"), field_name="retired_at", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = Question
        fields = ["bank", "topic", "kind", "tag", "must_know", "retired"]
