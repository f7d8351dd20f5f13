"""Lessons made of imported documents: one draft page per document, with its pictures."""

import datetime as dt
import hashlib
import io
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.html import escape
from django.utils.translation import gettext as _
from PIL import Image
from wagtail.log_actions import log

from courses.actions.pictures import store_picture
from courses.content import content_digest
from courses.documents import Block, Document
from courses.documents.markers import is_date_line, mark_of, number_of, to_int
from courses.models import (
    LessonPage,
    OperatingRulePage,
    Picture,
    PolicySpeechPage,
    ShelfPage,
    WarningCasePage,
)
from people.models import User

PAGE_OF_TYPE: dict[str, type[LessonPage]] = {
    "speech": PolicySpeechPage,
    "case": WarningCasePage,
    "rule": OperatingRulePage,
}
ALLOWED_TAGS = {"p", "ol", "ul", "li"}
TITLE_CHARS, SALUTATION_CHARS, HEADING_CHARS = 255, 160, 200
# Formats the picture library keeps as they are; others that Pillow reads become PNG.
KEPT_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")


@dataclass(frozen=True, slots=True)
class LessonResult:
    """The page of one document. `created` is False if the same text already stood on the shelf."""

    page: LessonPage
    created: bool


def create_lesson_pages(
    *,
    documents: Sequence[Document],
    lesson_type: str,
    shelf: ShelfPage,
    pictures: Mapping[str, bytes],
    source: str,
    publish: bool,
    acting_user: User | None,
    now: dt.datetime,
) -> list[LessonResult]:
    """Put documents on a shelf as pages of one type, all or none; drafts unless `publish`.

    `lesson_type` is speech, case or rule; `pictures` maps the names in the documents' picture blocks to image
    files already checked; `source` is the file they came from, for the pictures' titles. A document whose page
    already stands on the shelf with the same title and content is not created again.
    Locks: the shelf until commit, so that two imports of one file make one page.
    Raises: PermissionDenied if acting_user may not add (or publish) pages there; ValidationError.
    """
    _check_permission(shelf, acting_user, publish=publish)
    stored: list[Picture] = []
    try:
        with transaction.atomic():
            shelf = ShelfPage.objects.select_for_update().get(pk=shelf.pk)
            kept = _keep_pictures(documents, pictures, source, acting_user, now, stored)
            return [
                _create(document, PAGE_OF_TYPE[lesson_type], shelf, kept, publish, acting_user)
                for document in documents
            ]
    except BaseException:
        # The rows are rolled back; files know no transaction.
        for picture in stored:
            picture.file.storage.delete(picture.file.name)
        raise


def _check_permission(shelf: ShelfPage, acting_user: User | None, *, publish: bool) -> None:
    if acting_user is None:
        return
    allowed = shelf.permissions_for_user(acting_user)
    if not allowed.can_add_subpage() or (publish and not allowed.can_publish_subpage()):
        raise PermissionDenied(_("您没有在书架“%(shelf)s”中添加内容的权限。") % {"shelf": shelf.title})


def _create(
    document: Document,
    model: type[LessonPage],
    shelf: ShelfPage,
    pictures: Mapping[str, Picture],
    publish: bool,
    acting_user: User | None,
) -> LessonResult:
    body = body_of(document, pictures, salutation_apart=model is PolicySpeechPage)
    title = document.title[:TITLE_CHARS]
    digest = content_digest(body, "")
    for page in model.objects.child_of(shelf).filter(title=title):
        if content_digest(page.body, "") == digest:
            return LessonResult(page, created=False)
    page = model(title=title, body=json.dumps(body), live=False, owner=acting_user)
    if isinstance(page, PolicySpeechPage):
        page.salutation = document.salutation[:SALUTATION_CHARS]
        page.spoken_on = _day_of(document)
    shelf.add_child(instance=page)
    log(instance=page, action="wagtail.create", user=acting_user, content_changed=True)
    revision = page.save_revision(user=acting_user)
    if publish:
        revision.publish(user=acting_user)
        page.refresh_from_db()
    return LessonResult(page, created=True)


def _day_of(document: Document) -> dt.date | None:
    """Return the day a speech was given, where it stands below the title."""
    for block in document.blocks[: max(document.salutation_after, 1)]:
        found = _DATE.search(block.text) if is_date_line(block.text) else None
        if found:
            try:
                return dt.date(*map(to_int, found.groups()))
            except ValueError:
                return None
    return None


def body_of(
    document: Document, pictures: Mapping[str, Picture], *, salutation_apart: bool
) -> list[dict[str, Any]]:
    """Return a document as the stored form of a lesson's body.

    The highest heading level the document uses becomes level 2, which opens a section; the next ones follow.
    `salutation_apart` leaves the salutation out, for pages with a field of their own for it.
    """
    ranks = {level: rank for rank, level in enumerate(sorted({one.level for one in document.headings}), 2)}
    body: list[dict[str, Any]] = []
    html: list[str] = []

    def flush() -> None:
        if html:
            body.append(_block("text", nh3.clean("".join(html), tags=ALLOWED_TAGS, attributes={})))
            html.clear()

    for place, block in enumerate((*document.blocks, None)):
        if place == document.salutation_after and document.salutation and not salutation_apart:
            html.append(_paragraph(document.salutation))
        if block is None:
            break
        if block.kind in {"paragraph", "bullets", "numbers"} or len(block.text) > HEADING_CHARS:
            html.append(_html(block))
            continue
        flush()
        body += _special(block, ranks, pictures)
    flush()
    return body


def _block(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "id": str(uuid.uuid4())}


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _html(block: Block) -> str:
    if block.kind not in {"bullets", "numbers"}:
        return _paragraph(block.source or block.text)
    depths = block.depths or (0,) * len(block.items)
    return _list_html(list(zip(block.items, depths, strict=True)), is_counted=block.kind == "numbers")


def _list_html(items: Sequence[tuple[str, int]], *, is_counted: bool) -> str:
    """Return a list, with the lists inside it. `items` are texts and how deep each stands."""
    groups: list[tuple[str, list[tuple[str, int]]]] = []
    for text, depth in items:
        if groups and depth > items[0][1]:
            groups[-1][1].append((text, depth))
        else:
            groups.append((text, []))
    written = []
    for text, inner in groups:
        shown = escape(_without_number(text) if is_counted else text)
        below = _list_html(inner, is_counted=_counts_from_one(inner)) if inner else ""
        written.append(f"<li>{shown}{below}</li>")
    tag = "ol" if is_counted else "ul"
    return f"<{tag}>{''.join(written)}</{tag}>"


def _counts_from_one(items: Sequence[tuple[str, int]]) -> bool:
    """Whether the outer ones of these items count 1, 2, 3; a) and 1.1 keep their labels as text instead."""
    marks = [mark_of(text) for text, depth in items if depth == items[0][1]]
    numbers = [number_of(mark[1]) for mark in marks if mark and mark[0] == "digit"]
    return numbers == list(range(1, len(marks) + 1))


def _without_number(item: str) -> str:
    mark = mark_of(item)
    return item[len(mark[1]) :].strip() if mark else item


def _special(block: Block, ranks: Mapping[int, int], pictures: Mapping[str, Picture]) -> list[dict[str, Any]]:
    if block.kind == "heading":
        return [_block("heading", {"text": block.text, "level": str(ranks[block.level])})]
    if block.kind == "picture":
        picture = pictures.get(block.picture)
        return [_block("picture", {"picture": picture.pk, "caption": ""})] if picture else []
    head, *rows = block.rows
    columns = [{"type": "text", "heading": cell} for cell in head]
    return [
        _block("table", {"columns": columns, "rows": [{"values": list(row)} for row in rows], "caption": ""})
    ]


def _keep_pictures(
    documents: Sequence[Document],
    pictures: Mapping[str, bytes],
    source: str,
    acting_user: User | None,
    now: dt.datetime,
    stored: list[Picture],
) -> dict[str, Picture]:
    """Store the pictures the documents show; one already in the library (same bytes) is used again."""
    shown = [block for document in documents for block in document.blocks if block.kind == "picture"]
    names = [block.picture for block in shown]
    described = {block.picture: block.description for block in shown if block.description}
    files = {name: _as_kept(pictures[name]) for name in dict.fromkeys(names) if name in pictures}
    digests = {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, (data, _) in files.items()
    }
    known = {picture.file_hash: picture for picture in Picture.objects.filter(file_hash__in=digests.values())}
    kept: dict[str, Picture] = {}
    for number, (name, (data, suffix)) in enumerate(files.items(), start=1):
        digest = digests[name]
        if digest not in known:
            known[digest] = store_picture(
                data=data,
                file_name=f"import-{digest[:16]}.{suffix}",
                title=f"{source} 图{number}",
                description=described.get(name, ""),
                acting_user=acting_user,
                now=now,
            )
            stored.append(known[digest])
        kept[name] = known[digest]
    return kept


def _as_kept(data: bytes) -> tuple[bytes, str]:
    with Image.open(io.BytesIO(data)) as image:
        if image.format in KEPT_FORMATS:
            return data, KEPT_FORMATS[image.format]
        target = io.BytesIO()
        image.convert("RGBA").save(target, "PNG")
        return target.getvalue(), "png"
