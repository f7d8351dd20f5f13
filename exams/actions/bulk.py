"""Changing many questions at once: a statement or two per table, whatever their number."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from common.text import squeeze
from exams.actions.bank import add_versions, stored_contents
from exams.models import Question, QuestionTag, Topic
from exams.permissions import owner_condition
from people.audit import record_audits
from people.models import User
from people.permissions import Capability

MAX_QUESTIONS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """What is to change; None and empty leave things as they are. `retired` True retires, False restores."""

    topic: Topic | None = None
    difficulty: int | None = None
    must_know: bool | None = None
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    retired: bool | None = None

    @property
    def rewrites(self) -> bool:
        """Tell whether it takes an author."""
        return any(
            (
                self.topic is not None,
                self.difficulty is not None,
                self.must_know is not None,
                bool(self.add_tags),
                bool(self.remove_tags),
            )
        )


@transaction.atomic
def change_questions(
    *, question_ids: Collection[int], change: BulkChange, acting_user: User | None, now: dt.datetime
) -> int:
    """Change questions in one go and return how many there were; all or none, audited one by one.

    The difficulty belongs to a version: it makes new ones, drafts where the bank asks for a review.
    Raises: PermissionDenied if one of them is out of reach, for writers to retire, or for more than 5,000.
    """
    wanted = set(question_ids)
    if len(wanted) > MAX_QUESTIONS:
        raise PermissionDenied(_("一次最多改 %(n)s 道题。") % {"n": MAX_QUESTIONS})
    found = Question.objects.select_for_update(of=("self",)).filter(pk__in=wanted)
    for capability, needed in (
        (Capability.WRITE_QUESTIONS, change.rewrites),
        (Capability.REVIEW_QUESTIONS, change.retired is not None),
    ):
        if needed and acting_user is not None:
            found = found.filter(owner_condition(acting_user, "bank__owner", capability))
    questions = list(found.select_related("bank").order_by("pk"))
    if len(questions) != len(wanted):
        raise PermissionDenied(_("所选试题里有你不能这样修改的，什么也没有改。请重新选择。"))
    _change_facts(questions, change, now)
    if change.difficulty is not None:
        _change_difficulty(questions, change.difficulty, acting_user, now)
    _change_tags([question.pk for question in questions], change)
    record_audits(questions, "exams.question.bulk", acting_user, _told(change))
    return len(questions)


def _told(change: BulkChange) -> dict[str, object]:
    said: dict[str, object] = {
        "topic": change.topic.code if change.topic else None,
        "difficulty": change.difficulty,
        "must_know": change.must_know,
        "add_tags": sorted(change.add_tags),
        "remove_tags": sorted(change.remove_tags),
        "retired": change.retired,
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


def _change_facts(questions: list[Question], change: BulkChange, now: dt.datetime) -> None:
    ids = [question.pk for question in questions]
    facts: dict[str, object] = {}
    if change.topic is not None:
        facts["topic"] = change.topic
    if change.must_know is not None:
        facts["must_know"] = change.must_know
    if facts:
        Question.objects.filter(pk__in=ids).update(**facts)
    if change.retired is not None:
        # Whoever is retired already keeps the day.
        Question.objects.filter(pk__in=ids, retired_at__isnull=change.retired).update(
            retired_at=now if change.retired else None
        )


def _change_difficulty(
    questions: list[Question], difficulty: int, acting_user: User | None, now: dt.datetime
) -> None:
    stored = stored_contents(questions)
    changed = [
        (question, replace(stored[question.pk], difficulty=difficulty))
        for question in questions
        if question.pk in stored and stored[question.pk].difficulty != difficulty
    ]
    for reviewed in (True, False):
        group = [
            entry
            for entry in changed
            if (entry[0].bank.review_required and acting_user is not None) is reviewed
        ]
        if group:
            add_versions(group, acting_user, now, to_review=reviewed)


def _change_tags(ids: list[int], change: BulkChange) -> None:
    links = Question.tags.through._default_manager
    if change.remove_tags:
        links.filter(question_id__in=ids, questiontag__name__in=change.remove_tags).delete()
    names = sorted({squeeze(tag)[:40] for tag in change.add_tags if squeeze(tag)})
    if names:
        QuestionTag.objects.bulk_create([QuestionTag(name=name) for name in names], ignore_conflicts=True)
        tags = list(QuestionTag.objects.filter(name__in=names).values_list("pk", flat=True))
        links.bulk_create(
            [
                Question.tags.through(question_id=question_id, questiontag_id=tag_id)
                for question_id in ids
                for tag_id in tags
            ],
            ignore_conflicts=True,
            batch_size=2_000,
        )
