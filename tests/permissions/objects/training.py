"""The objects of the rooms of training, certificates and access."""

import hashlib
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from certificates.models import Certificate, CertificateFile
from certificates.shapes import PrintedFields
from common.signing import make_token
from people.models import Employee, OrgUnit
from tests.factories.access import make_badge, make_gate, make_hook, make_place
from tests.factories.certificates import CertifiedProgrammeFactory, ProgrammeRecordFactory
from tests.factories.training import (
    LicenceFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    make_case,
    push_to_all,
)
from tests.permissions.objects import NOW, PLACES, Works
from training.actions.gates import Evidence, open_case_file, record_gate
from training.actions.occurrences import Concerned, record_occurrence
from training.actions.programmes import ComponentSpec, StageSpec, save_programme
from training.models import Dispensation


def add_training(works: Works, place: str, person: Employee, course: Any, exam: Any) -> None:
    works.share("parameter", code="daily_hours")
    programme = ProgrammeFactory(course=course, exam=exam)
    rule = TrainingRuleFactory(programme=programme)
    obligation = ObligationFactory(rule=rule, employee=person)
    step = programme.components.get(kind="exam")
    works.add("obligation", place, public_id=obligation.public_id, component_id=step.pk)
    waiting = ObligationFactory(employee=person)
    on_site = waiting.programme.components.get()
    works.add("on-site component", place, component_id=on_site.pk)
    scanned = LicenceFactory(employee=person, scan=ContentFile(b"%PDF-1.7", name=f"{place}.pdf"))
    works.add("licence", place, pk=scanned.pk)
    certified = CertifiedProgrammeFactory()
    record = ProgrammeRecordFactory(employee=person, programme=certified, seq=PLACES.index(place) + 1)
    works.add("ledger row", place, seq=record.seq)
    held = ProgrammeRecordFactory(
        employee=person,
        programme=waiting.programme,
        obligation=waiting,
        component=on_site,
        kind="on_site",
        hours=Decimal(1),
        seq=len(PLACES) + PLACES.index(place) + 1,
    )
    works.add(
        "session row",
        place,
        record_id=held.pk,
        role="trainee",
        employee_id=person.pk,
        public_id=waiting.public_id,
    )
    template = certified.certificate_templates.get()
    certificate = Certificate.objects.create(
        number=f"AX-2026-{place}",
        verify_code=make_token(),
        employee=person,
        record=record,
        template=template,
        printed=dict.fromkeys(PrintedFields.__annotations__, "1"),
        issued_at=NOW,
    )
    made = CertificateFile(
        certificate=certificate, sha256=hashlib.sha256(b"pdf").hexdigest(), rendered_at=NOW
    )
    made.file.save(f"{place}.pdf", ContentFile(b"%PDF-1.7"))
    works.add(
        "certificate", place, public_id=certificate.public_id, code=certificate.verify_code, change="suspend"
    )
    works.share("certificate template", template_id=template.pk, pk=template.pk)


def add_access(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note a gate, an address that is told, a place and a badge."""
    gate, _token = make_gate(plant, name=f"门 {place}", now=NOW)
    works.add("gate", place, gate_id=gate.pk)
    hook = make_hook("https://gate.example/", plant, now=NOW)
    message = hook.deliveries.create(
        employee=person, is_cleared=False, happened_at=NOW, next_try_at=NOW, state="dead"
    )
    works.add("hook", place, hook_id=hook.pk, delivery_id=message.pk)
    works.add("access place", place, place_id=make_place(plant, code=f"P-{place}").pk)
    _badge, code = make_badge(person, now=NOW)
    works.add("badge", place, code=code, public_id=person.public_id)


def add_rules(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note a rule and an occurrence of one plant, and what can be done with a task there."""
    works.add("unit rule", place, pk=TrainingRuleFactory(unit=plant, trigger="campaign").pk)
    programme = save_programme(
        code=f"parts-{place}", title="分步培训", kind="special", acting_user=None, now=NOW,
        components=[
            ComponentSpec("practical", "实操", stage="一", checklist=("会",)),
            ComponentSpec("letter", "责任书", stage="一", body="遵守规程。"),
        ],
        stages=[StageSpec("一", pass_rule="any")],
    )  # fmt: skip
    works.share("programme", pk=programme.pk)
    owed = ObligationFactory(employee=person, rule__programme=programme)
    practical, letter = programme.components.order_by("position")
    works.add("practical step", place, public_id=owed.public_id, component_id=practical.pk)
    works.add("letter task", place, public_id=owed.public_id, component_id=letter.pk)
    happened = record_occurrence(
        kind="campaign", title="月", happened_on=timezone.localdate(NOW),
        concerned=Concerned(employees=[person]), acting_user=None, now=NOW,
    )  # fmt: skip
    works.add("occurrence", place, public_id=happened.public_id)
    request = Dispensation.objects.create(
        obligation=owed, kind="extension", reason="住院", until=owed.due_on, due_before=owed.due_on,
        evidence=ContentFile(b"%PDF-1", name="a.pdf"), evidence_name="a.pdf", requested_at=NOW,
    )  # fmt: skip
    works.add("dispensation", place, public_id=request.public_id)


def add_pushes(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note a case pushed in one plant, the task it made, and the file of its four gates."""
    case = make_case([], posts_named=[person.assignments.get().post])
    push = push_to_all(case, now=NOW, units=[plant])
    works.add("push", place, public_id=push.public_id)
    works.add("pushed task", place, public_id=push.obligations.get(employee=person).public_id)
    case_file = open_case_file(lesson=case, unit=plant, acting_user=None, now=NOW)
    entry = record_gate(
        case_file=case_file, gate="cause", act="note", text="勘查", evidence=Evidence("a.pdf", b"%PDF-1"),
        acting_user=None, now=NOW,
    )  # fmt: skip
    works.add("case file", place, public_id=case_file.public_id, gate="cause", entry_id=entry.pk)
    works.share("pushable lesson", lesson_id=case.pk)
