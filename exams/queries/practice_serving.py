"""Showing a question for practice without its key, and telling afterwards what was right.

What is shown is named by a ticket only the server can read: whose it is, which version, and the seed of the
option tokens. So showing writes nothing, a page may hold the next questions already, and nobody can answer for
somebody else or choose what to be asked.
"""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from django.urls import reverse

from common.signing import FieldKeyMismatch, decrypt_text, encrypt_text
from exams.drawing import option_token
from exams.models import AnswerKey, PracticeAnswer, PracticeMode, QuestionVersion
from exams.queries.corrections import effective_versions
from exams.queries.papers import ReviewedQuestion, ShownQuestion, content_of, show_question, shown_media
from exams.types import type_of

TICKET_LIFE = dt.timedelta(hours=12)


class BadTicket(Exception):
    """A ticket that is not ours, is too old, or belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Serving:
    """One time a question is shown to one person."""

    id: uuid.UUID
    employee_id: int
    version_id: int
    mode: str
    shown_at: dt.datetime
    campaign_id: int | None = None

    def ticket(self) -> str:
        """Return it as a text only the server can read."""
        facts = [
            self.id.hex, self.employee_id, self.version_id, self.mode,
            int(self.shown_at.timestamp()), self.campaign_id,
        ]  # fmt: skip
        return encrypt_text(json.dumps(facts, separators=(",", ":")))


def read_ticket(ticket: str, *, employee_id: int, now: dt.datetime) -> Serving:
    """Return what a ticket says; raise BadTicket unless it is this person's and at most twelve hours old."""
    try:
        name, owner, version_id, mode, shown_at, campaign_id = json.loads(decrypt_text(ticket))
    except (FieldKeyMismatch, ValueError) as error:
        raise BadTicket("unreadable") from error
    shown = dt.datetime.fromtimestamp(shown_at, dt.UTC)
    if owner != employee_id or mode not in PracticeMode.values or now - shown > TICKET_LIFE:
        raise BadTicket("not this person's, or too old")
    return Serving(uuid.UUID(hex=name), owner, version_id, mode, shown, campaign_id)


def tokens_of(version: QuestionVersion, seed: str) -> list[tuple[str, str]]:
    """Return (option id, token) in the order in which this serving shows them."""
    ids = [option["id"] for option in version.options]
    if type_of(version.kind).shuffles:
        Random(f"options:{seed}").shuffle(ids)  # noqa: S311 - seeded from 122 random bits nobody else reads
    return [(option_id, option_token(seed, 1, option_id)) for option_id in ids]


@dataclass(frozen=True, slots=True)
class Served:
    """A question on the page with the ticket its answer needs. There is no key in it."""

    question: ShownQuestion
    ticket: str
    topic: str


def serve(
    version_ids: Sequence[int],
    *,
    employee_id: int,
    mode: str,
    now: dt.datetime,
    campaign_id: int | None = None,
) -> list[Served]:
    """Return these versions as a person sees them, in this order (one statement)."""
    versions = QuestionVersion.objects.select_related("media", "question__topic").in_bulk(version_ids)
    served = []
    for number, version_id in enumerate(version_ids, start=1):
        serving = Serving(uuid.uuid4(), employee_id, version_id, mode, now, campaign_id)
        ticket = serving.ticket()
        version = versions[version_id]
        served.append(Served(_shown(version, serving, number, ticket), ticket, version.question.topic.name))
    return served


def _shown(
    version: QuestionVersion, serving: Serving, slot: int, ticket: str, response: Sequence[str] = ()
) -> ShownQuestion:
    return show_question(
        slot=slot,
        kind=version.kind,
        content=content_of(version),
        tokens=tokens_of(version, serving.id.hex),
        points="",
        must_know=version.question.must_know,
        response=response,
        media=shown_media(version.media, reverse("exams:practice-media", args=[ticket])),
    )


def key_for(version: QuestionVersion) -> AnswerKey:
    """Return the key that counts for a version, corrections included (two statements). After the answer only."""
    effective = effective_versions([version.pk])[version.pk]
    return AnswerKey.objects.select_related("version__media").get(version_id=effective)


def feedback(
    version: QuestionVersion, serving: Serving, answer: PracticeAnswer, *, slot: int, ticket: str
) -> ReviewedQuestion:
    """Return what was answered beside what is right, and why. Only for an answer that is stored."""
    tokens = dict(tokens_of(version, serving.id.hex))
    kind = type_of(version.kind)
    given = list(answer.response)
    shown = [tokens.get(text, "") for text in given] if kind.uses_tokens else given
    return reviewed(
        shown=_shown(version, serving, slot, ticket, shown),
        version=version,
        key=key_for(version),
        given=given,
        tokens=tokens,
        fraction=answer.fraction,
    )


def reviewed(
    *,
    shown: ShownQuestion,
    version: QuestionVersion,
    key: AnswerKey,
    given: list[str],
    tokens: Mapping[str, str],
    fraction: Decimal | None,
) -> ReviewedQuestion:
    """Put a question, what was given (option ids) and its key together; `tokens` maps option id to token."""
    kind, content = type_of(version.kind), content_of(key.version)
    right = kind.right_response(content, key.correct) if kind.uses_tokens else []
    earned = fraction or Decimal(0)
    return ReviewedQuestion(
        shown=shown,
        correct=fraction is not None and earned >= 1,
        partly=0 < earned < 1,
        by_hand=kind.by_hand,
        earned=str(earned),
        template=kind.review_template,
        lines=tuple(kind.review(content, given, key.correct)),
        view=kind.review_view(content, given, key.correct),
        right_tokens=frozenset(tokens[option_id] for option_id in right if option_id in tokens),
        explanation=key.explanation,
        source=key.version.source,
        comment="",
    )
