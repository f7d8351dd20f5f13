"""Questions of a bank as a file of one of the formats, with what the format could not hold."""

import base64
import posixpath
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.importers import aiken, excel_writer, gift_writer, moodle_writer, qti_writer
from exams.importers.items import Item, Loss, Picture, Written
from exams.models import AnswerKey, Bank, MediaKind, Question, QuestionMedia
from exams.types.base import gettext_noop

# The format's name, the file's suffix and its media type.
FILES = {
    "excel": ("xlsx", CONTENT_TYPE),
    "gift": ("gift.txt", "text/plain; charset=utf-8"),
    "aiken": ("aiken.txt", "text/plain; charset=utf-8"),
    "moodle_xml": ("xml", "application/xml"),
    "qti21": ("qti21.zip", "application/zip"),
    "qti30": ("qti30.zip", "application/zip"),
}
LABELS = {
    "excel": "Excel", "gift": "GIFT", "aiken": "Aiken", "moodle_xml": "Moodle XML", "qti21": "QTI 2.1", "qti30": "QTI 3.0",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """A file, how many questions it holds, and what it does not."""

    data: bytes
    count: int
    losses: list[Loss]

    def as_json(self, format_name: str) -> dict[str, Any]:
        """Return the report as `export_questions --json` prints it."""
        return {
            "format": format_name,
            "written": self.count,
            "lost": [
                {
                    "code": loss.code,
                    "feature": loss.feature,
                    "message": _(loss.message),
                    "left_out": loss.is_left_out,
                }
                for loss in self.losses
            ],
        }


def export_bank(bank: Bank, format_name: str, *, mark: Watermark) -> Exported:
    """Return the questions in use as a file; retired ones and drafts are named as left out."""
    items, losses = _items_of(bank)
    written = _written(items, format_name, bank, mark)
    return Exported(written.data, written.count, [*losses, *written.losses])


def _written(items: list[Item], format_name: str, bank: Bank, mark: Watermark) -> Written:
    if format_name == "excel":
        table = excel_writer.rows_of(items)
        sheet = Sheet(bank.name, table.header, table.rows, [10, 50, *[20] * (len(table.header) - 2)])
        return Written(workbook_bytes([sheet], mark=mark), len(table.rows), table.losses)
    if format_name in {"qti21", "qti30"}:
        return qti_writer.write(items, format_name)
    writers = {"gift": gift_writer.write, "aiken": aiken.write, "moodle_xml": moodle_writer.write}
    return writers[format_name](items)


def _items_of(bank: Bank) -> tuple[list[Item], list[Loss]]:
    """Return the questions in use, by code (three statements), and those that are not taken along."""
    losses = []
    questions: dict[int | None, Question] = {}
    for question in (
        Question.objects.filter(bank=bank).select_related("topic").prefetch_related("tags").order_by("code")
    ):
        if question.retired_at:
            losses.append(
                Loss(question.code, "retired", gettext_noop("已停用，没有导出。"), is_left_out=True)
            )
        elif question.current_version_id is None:
            losses.append(
                Loss(question.code, "draft", gettext_noop("还没有审核通过，没有导出。"), is_left_out=True)
            )
        else:
            if question.pending_version_id:
                losses.append(
                    Loss(question.code, "draft", gettext_noop("导出的是在用的版本，不是待审核的修改。"))
                )
            questions[question.current_version_id] = question
    keys = AnswerKey.objects.filter(version__question__bank=bank).select_related("version__media")
    by_version = {key.version_id: key for key in keys if key.version_id in questions}
    items = []
    for version_id, question in questions.items():
        if version_id in by_version:
            item, lost = _item(question, by_version[version_id])
            items.append(item)
            losses += lost
    return items, losses


def _item(question: Question, key: AnswerKey) -> tuple[Item, list[Loss]]:
    version = key.version
    picture, losses = _picture(question.code, version.media)
    body = {name: value for name, value in version.body.items() if name != "size"}
    item = Item(
        line=0,
        kind=version.kind,
        stem=version.stem,
        options=[] if version.kind == "true_false" else version.options,
        body=body,
        key=key.correct,
        code=question.code,
        explanation=key.explanation or None,
        topic=question.topic.name,
        difficulty=version.difficulty,
        source=version.source or None,
        must_know=question.must_know,
        tags=sorted(tag.name for tag in question.tags.all()) or None,
        picture=picture,
    )
    return item, losses


def _picture(code: str, media: QuestionMedia | None) -> tuple[Picture | None, list[Loss]]:
    if media is None:
        return None, []
    if media.kind == MediaKind.FILM:
        return None, [Loss(code, "film", gettext_noop("视频没有导出。"))]
    try:
        with media.file.open("rb") as handle:
            data = base64.b64encode(handle.read()).decode()
    except OSError:
        return None, [Loss(code, "picture", gettext_noop("图片文件不在了，没有导出图片。"))]
    return Picture(posixpath.basename(media.file.name or ""), data, media.alt, media.width, media.height), []
