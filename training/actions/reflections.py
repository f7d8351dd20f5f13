"""Signed reflections: what a person writes about the own post, signed, as the last step of a pushed case."""

import datetime as dt
import hashlib

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.canonical import canonical_json
from courses.models import StudyRecord
from people.models import Employee
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.actions.hand_signing import take_signature
from training.errors import ReflectionRefused
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    Obligation,
    Reflection,
    ReflectionSignature,
)
from training.seals import utc_text
from training.shapes import Evidence

MAX_CHARS = 2000


def sign_reflection(
    *,
    obligation: Obligation,
    employee: Employee,
    text: str,
    signature: str = "",
    typed_name: str = "",
    is_confirmed: bool = False,
    device: str,
    now: dt.datetime,
) -> Reflection:
    """Take a person's signed reflection for an obligation, and close the obligation if that was the last part.

    `signature` is an SVG path drawn by hand (training.signatures); without one, the own name typed out and the
    box ticked stand for it. The reflection is bound to the edition studied. Signing again returns what stands.
    Raises ReflectionRefused if the text is too short or too long, nothing is signed, something earlier is missing,
    or the obligation is closed; Obligation.DoesNotExist if it is somebody else's. Locks: person, obligation.
    """
    if obligation.employee_id != employee.pk:
        raise Obligation.DoesNotExist
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    with transaction.atomic():
        locked = lock_open_obligations([obligation.pk], [employee.pk])
        known = Reflection.objects.filter(obligation_id=obligation.pk).first()
        if known is not None:
            return known
        if not locked:
            raise ReflectionRefused(_("这项任务已经结束，不需要再写感悟。"))
        component = _component(locked[0])
        study = _study(locked[0], component)
        _check_text(locked[0], text)
        signed_by, mark = take_signature(
            employee.name,
            signature=signature,
            typed_name=typed_name,
            is_confirmed=is_confirmed,
            refused=ReflectionRefused,
        )
        mark_sha256 = hashlib.sha256(mark.encode()).hexdigest()
        reflection = Reflection.objects.create(
            obligation=locked[0],
            employee=employee,
            text=text,
            lesson_title=study.lesson_title,
            revision_id=study.revision_id,
            content_sha256=study.content_sha256,
            signed_by=signed_by,
            signature_sha256=mark_sha256,
            sha256=digest_of(text, mark_sha256, study.content_sha256, now),
            device=device[:64],
            signed_at=now,
        )
        ReflectionSignature.objects.create(reflection=reflection, mark=mark)
        evidence: Evidence = {"kind": ComponentKind.REFLECTION, "reflection_id": reflection.pk}
        note_component_done(obligation=locked[0], component=component, evidence=evidence, now=now)
        finish_if_complete(obligation=locked[0], acting_user=None, now=now)
    return reflection


def digest_of(text: str, signature_sha256: str, content_sha256: str, signed_at: dt.datetime) -> str:
    """Return the digest the ledger vouches for: text, signature, edition and moment in canonical JSON (hex)."""
    signed = {
        "text": text,
        "signature_sha256": signature_sha256,
        "content_sha256": content_sha256,
        "signed_at": utc_text(signed_at),
    }
    return hashlib.sha256(canonical_json(signed)).hexdigest()


def _component(obligation: Obligation) -> Component:
    """Return the reflection of this obligation if its turn has come."""
    components = list(Component.objects.filter(programme_id=obligation.programme_id).order_by("position"))
    component = next((item for item in components if item.kind == ComponentKind.REFLECTION), None)
    if component is None:
        raise ReflectionRefused(_("这项任务不要求写感悟。"))
    done = set(ComponentDone.objects.filter(obligation=obligation).values_list("component_id", flat=True))
    missing = next(
        (item for item in components if item.position < component.position and item.pk not in done), None
    )
    if missing is not None:
        raise ReflectionRefused(_("请先完成“%(missing)s”，再写感悟。") % {"missing": missing.title})
    return component


def _study(obligation: Obligation, component: Component) -> StudyRecord:
    """Return the study record this obligation rests on: the edition the person signs for."""
    done = ComponentDone.objects.get(obligation=obligation, component__kind=ComponentKind.LESSON)
    return StudyRecord.objects.get(pk=done.evidence["study_record_ids"][0])


def _check_text(obligation: Obligation, text: str) -> None:
    push = obligation.push
    least = (push.reflection_min_chars if push is not None else None) or 1
    written = sum(not char.isspace() for char in text)
    if written < least:
        message = ngettext(
            "感悟至少写 %(least)d 个字，现在是 %(written)d 个字：请结合自己的岗位再写一些。",
            "感悟至少写 %(least)d 个字，现在是 %(written)d 个字：请结合自己的岗位再写一些。",
            least,
        )
        raise ReflectionRefused(message % {"least": least, "written": written})
    if len(text) > MAX_CHARS:
        raise ReflectionRefused(_("感悟最多 %(most)d 个字，请写得短一些。") % {"most": MAX_CHARS})
