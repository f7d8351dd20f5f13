"""What stands behind a completed obligation, put together for its ledger row."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from common.canonical import canonical_json
from courses.models import StudyRecord
from exams.models import Attempt
from training.actions.ledger import RecordDraft
from training.commitments import NAMES_JOINED_BY
from training.models import (
    ComponentDone,
    Dispensation,
    LetterSignature,
    Obligation,
    PracticalCheck,
    RecordKind,
    Reflection,
    TrainingRecord,
)
from training.shapes import ContentItem

TRAINERS_SHOWN = 60  # characters: what a line of a printed list holds


@dataclass(slots=True)
class _Gathered:
    content: list[ContentItem] = field(default_factory=list)
    starts: list[dt.datetime] = field(default_factory=list)
    ends: list[dt.datetime] = field(default_factory=list)
    trainers: dict[str, None] = field(default_factory=dict)
    score_pct: Decimal | None = None


def programme_draft(obligation: Obligation, again: TrainingRecord | None = None) -> RecordDraft:
    """Return the ledger row of an obligation all of whose components are done.

    `again` is the row that says it is not: after a void exam was sat again the new row corrects it.

    Its times are those of the evidence, not of the closing: from the first study, sitting or on-site training
    to the last. The score is that of the last exam. Everything it vouches for is pinned by hash.
    """
    done = list(
        ComponentDone.objects.filter(obligation=obligation)
        .select_related("component")
        .order_by("component__position")
    )
    gathered = _Gathered()
    studies = StudyRecord.objects.in_bulk(_ids(done, "study_record_ids"))
    attempts = Attempt.objects.select_related("exam").in_bulk(
        [entry.evidence["attempt_id"] for entry in done if "attempt_id" in entry.evidence]
    )
    held = TrainingRecord.objects.in_bulk(_ids(done, "training_record_ids"))
    reflections = Reflection.objects.in_bulk(
        [entry.evidence["reflection_id"] for entry in done if "reflection_id" in entry.evidence]
    )
    signed = _signed(done)
    for entry in done:
        for kind, title, sha256, at in signed[entry.pk]:
            gathered.content.append({"kind": kind, "title": title, "revision_id": None, "sha256": sha256})
            gathered.starts.append(at)
            gathered.ends.append(at)
        for pk in entry.evidence.get("study_record_ids", ()):
            _add_study(gathered, studies[pk])
        if "attempt_id" in entry.evidence:
            _add_attempt(gathered, attempts[entry.evidence["attempt_id"]], entry)
        for pk in entry.evidence.get("training_record_ids", ()):
            _add_on_site(gathered, held[pk], entry)
        if "reflection_id" in entry.evidence:
            _add_reflection(gathered, reflections[entry.evidence["reflection_id"]], entry)
    return RecordDraft(
        employee=obligation.employee,
        kind=RecordKind.PROGRAMME if again is None else RecordKind.CORRECTION,
        corrects=again,
        reason="" if again is None else _("作废的考试已重新考过"),
        programme=obligation.programme,
        obligation=obligation,
        title=obligation.programme.title,
        content=gathered.content,
        hours=sum((entry.component.hours for entry in done), Decimal(0)),
        score_pct=gathered.score_pct,
        # What leaves no proof of its own is dated by when it was noted.
        started_at=min(gathered.starts or [entry.done_at for entry in done]),
        completed_at=max(gathered.ends or [entry.done_at for entry in done]),
        trainer_name=_joined(gathered.trainers),
    )


def _signed(done: Sequence[ComponentDone]) -> dict[int, list[tuple[str, str, str, dt.datetime]]]:
    """Return, per component done, kind, title, hash and moment of what was signed, shown or recognised for it."""
    checks = PracticalCheck.objects.in_bulk(_one(done, "practical_check_id"))
    letters = LetterSignature.objects.in_bulk(_one(done, "letter_id"))
    recognised = Dispensation.objects.in_bulk(_ids(done, "dispensation_ids"))
    found: dict[int, list[tuple[str, str, str, dt.datetime]]] = {entry.pk: [] for entry in done}
    for entry in done:
        said, title = entry.evidence, entry.component.title
        if "practical_check_id" in said:
            check = checks[said["practical_check_id"]]
            found[entry.pk].append(("practical", title, check.sha256, check.checked_at))
        if "letter_id" in said:
            letter = letters[said["letter_id"]]
            found[entry.pk].append(("letter", title, letter.sha256, letter.signed_at))
        if "licence_id" in said:
            found[entry.pk].append(("licence", title, "", entry.done_at))
        for pk in said.get("dispensation_ids", ()):
            request = recognised[pk]
            held_on = request.held_on or timezone.localdate(request.requested_at)
            at = timezone.make_aware(dt.datetime.combine(held_on, dt.time.min))
            found[entry.pk].append(("recognition", title, request.evidence_sha256, at))
    return found


def _one(done: Sequence[ComponentDone], name: str) -> list[int]:
    return [entry.evidence[name] for entry in done if name in entry.evidence]


def _ids(done: Sequence[ComponentDone], name: str) -> list[int]:
    return [pk for entry in done for pk in entry.evidence.get(name, ())]


def _add_study(gathered: _Gathered, study: StudyRecord) -> None:
    gathered.content.append(
        {
            "kind": "lesson",
            "title": study.lesson_title,
            "revision_id": study.revision_id,
            "sha256": study.content_sha256,
        }
    )
    if study.film_sha256:
        gathered.content.append(
            {
                "kind": "film",
                "title": study.lesson_title,
                "revision_id": study.revision_id,
                "sha256": study.film_sha256,
            }
        )
    gathered.starts.append(study.started_at)
    gathered.ends.append(study.completed_at)


def _add_attempt(gathered: _Gathered, attempt: Attempt, entry: ComponentDone) -> None:
    gathered.content.append(
        {
            "kind": "exam",
            "title": attempt.exam.title,
            "revision_id": None,
            "sha256": hashlib.sha256(canonical_json(attempt.paper)).hexdigest(),
            "attempt": str(attempt.public_id),
        }
    )
    gathered.starts.append(attempt.started_at)
    gathered.ends.append(attempt.submitted_at or entry.done_at)
    gathered.score_pct = Decimal(entry.evidence["score_pct"])


def _add_on_site(gathered: _Gathered, record: TrainingRecord, entry: ComponentDone) -> None:
    gathered.content.append(
        {
            "kind": "on_site",
            "title": record.title,
            "revision_id": None,
            "sha256": record.leaf_hash,
            "level": entry.component.level,
            "record_seq": record.seq,
        }
    )
    gathered.starts.append(record.started_at)
    gathered.ends.append(record.completed_at)
    if record.trainer_name:
        gathered.trainers[record.trainer_name] = None


def _add_reflection(gathered: _Gathered, reflection: Reflection, entry: ComponentDone) -> None:
    gathered.content.append(
        {
            "kind": "reflection",
            "title": entry.component.title,
            "revision_id": reflection.revision_id,
            "sha256": reflection.sha256,
        }
    )
    gathered.starts.append(reflection.signed_at)
    gathered.ends.append(reflection.signed_at)


def _joined(names: Iterable[str]) -> str:
    """Join names as far as they fit; nobody is named in half."""
    text = ""
    for name in names:
        longer = f"{text}{NAMES_JOINED_BY}{name}" if text else name
        if len(longer) > TRAINERS_SHOWN:
            break
        text = longer
    return text
