"""The parts of programmes and what is done of them, as training.stages asks for them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Max
from django.utils import timezone

from training.models import (
    HELD_KINDS,
    Component,
    ComponentDone,
    Dispensation,
    Obligation,
    PassRule,
    Programme,
    ProgrammeKind,
    TrainingRecord,
)
from training.stages import Opening, Part, openings

AT_ONCE = 10_000  # ids in one statement: SQLite takes 32,766


def part_of(component: Component) -> Part:
    """Return a component as its order is decided by; `stage` should be loaded."""
    stage = component.stage
    if stage is None:
        return Part(component.pk, component.title)
    return Part(
        component.pk,
        component.title,
        stage.position,
        stage.min_days_after,
        any_will_do=stage.pass_rule == PassRule.ANY,
    )


def components_by_programme(programme_ids: Iterable[int]) -> dict[int, list[Component]]:
    """Return the components of programmes in their order, with stage and subject. One query."""
    found: dict[int, list[Component]] = defaultdict(list)
    rows = Component.objects.filter(programme_id__in=set(programme_ids)).select_related(
        "stage", "course", "exam", "lesson", "licence_type"
    )
    for component in rows.order_by("programme_id", "position"):
        found[component.programme_id].append(component)
    return found


def done_days(obligation_ids: Collection[int]) -> dict[int, dict[int, dt.date]]:
    """Return, per obligation, the local day on which each component was done. One query for each 10,000.

    Of a stage's training that was held or recognised it is the day it was held, which may be long before somebody
    entered it: the spacing between stages is asked of the days people were taught. One or two queries more then.
    """
    found: dict[int, dict[int, dt.date]] = defaultdict(dict)
    ids = list(obligation_ids)
    for start in range(0, len(ids), AT_ONCE):
        rows = ComponentDone.objects.filter(obligation_id__in=ids[start : start + AT_ONCE])
        entered: set[int] = set()
        recognised: list[int] = []
        for obligation_id, component_id, done_at, stage_id, evidence in rows.values_list(
            "obligation_id", "component_id", "done_at", "component__stage_id", "evidence"
        ):
            found[obligation_id][component_id] = timezone.localdate(done_at)
            if stage_id is not None and evidence.get("training_record_ids"):
                entered.add(obligation_id)
            if stage_id is not None:
                recognised += evidence.get("dispensation_ids", ())
        for obligation_id, component_id, day in (*_days_held(entered), *_days_recognised(recognised)):
            if component_id in found[obligation_id]:
                found[obligation_id][component_id] = day
    return found


def _days_held(obligation_ids: Collection[int]) -> Iterable[tuple[int, int, dt.date]]:
    if not obligation_ids:
        return
    held = TrainingRecord.objects.filter(
        obligation_id__in=obligation_ids,
        component__kind__in=HELD_KINDS,
        corrected_by__isnull=True,
        passed=True,
    )
    for obligation_id, component_id, last in (
        held.order_by().values_list("obligation_id", "component_id").annotate(last=Max("completed_at"))
    ):
        if obligation_id is not None and component_id is not None:
            yield obligation_id, component_id, timezone.localdate(last)


def _days_recognised(dispensation_ids: Collection[int]) -> Iterable[tuple[int, int, dt.date]]:
    if not dispensation_ids:
        return
    held = Dispensation.objects.filter(pk__in=dispensation_ids, component__isnull=False)
    for obligation_id, component_id, day in held.values_list("obligation_id", "component_id", "held_on"):
        if component_id is not None and day is not None:
            yield obligation_id, component_id, day


def openings_of(obligations: Collection[Obligation], on: dt.date) -> dict[int, dict[int, Opening]]:
    """Return what is open of each of these obligations on a day, by component. Two queries, or as `done_days` needs."""
    components = components_by_programme(item.programme_id for item in obligations)
    done = done_days([item.pk for item in obligations])
    return {
        item.pk: openings(
            [part_of(component) for component in components[item.programme_id]], done[item.pk], on
        )
        for item in obligations
    }


def get_component_of(obligation: Obligation, component_id: int, kind: str) -> Component:
    """Return a component of an obligation, of one kind; raise Component.DoesNotExist otherwise."""
    return Component.objects.select_related("stage").get(
        pk=component_id, programme_id=obligation.programme_id, kind=kind
    )


def get_lasting_programme(pk: int) -> Programme:
    """Return a programme that is not that of a push; raise Programme.DoesNotExist otherwise. All may read them."""
    return Programme.objects.exclude(kind=ProgrammeKind.CASE).get(pk=pk)
