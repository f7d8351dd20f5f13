"""The form editors write a lesson with: accident categories of the standards in force, by their names alone."""

from django.db.models import Q
from wagtail.admin.forms import WagtailAdminPageForm

from common.clock import today
from people.models import HazardStandard


class LessonForm(WagtailAdminPageForm):
    """Offers the categories of standards in force, and those of former ones the lesson already has.

    A standard and its predecessor name most categories alike, and people are found by the name: to offer both
    would be to ask the same question twice.
    """

    class Media:
        css = {"all": ["css/lesson-editor.css"]}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        in_force = list(
            HazardStandard.objects.filter(Q(in_force_from=None) | Q(in_force_from__lte=today()))
            .filter(Q(in_force_before=None) | Q(in_force_before__gt=today()))
            .values_list("code", flat=True)
        )
        for name in ("hazards", "category"):
            if name in self.fields:
                field = self.fields[name]
                kept = _keys(self.initial.get(name))
                field.queryset = field.queryset.filter(Q(standard_id__in=in_force) | Q(pk__in=kept))
                field.label_from_instance = _naming(in_force)


def _keys(chosen):
    """Return the keys of what was chosen: one category or many of them, as rows or as keys."""
    if chosen is None or isinstance(chosen, str | int):
        return [chosen] if chosen else []
    return [getattr(one, "pk", one) for one in chosen]


def _naming(in_force):
    """Return how categories are called: a single standard in force needs no naming, all others do."""
    return lambda hazard: hazard.name if in_force == [hazard.standard_id] else str(hazard)
