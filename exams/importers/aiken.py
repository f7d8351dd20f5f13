"""Aiken: a question on a line, its options on lettered lines, `ANSWER: B`. Single choice only. No Django here."""

import re

from common.text import half_width, squeeze
from exams.importers.items import LETTERS, Item, Loss, Reading, Written, lettered
from exams.types.base import gettext_noop
from exams.types.true_false import TYPE as TRUE_FALSE

_OPTION = re.compile(r"\s*([A-Za-zＡ-Ｚａ-ｚ])[.)．）、]\s*(.*)")
_ANSWER = re.compile(r"\s*ANSWER\s*[:：]\s*(.*)", re.IGNORECASE)
_JUDGEMENT = [option["text"] for option in TRUE_FALSE.fixed_options or ()]


def read(text: str) -> Reading:
    """Read a file of Aiken questions."""
    reading = Reading("aiken")
    start, stem, options = 0, list[str](), list[tuple[str, str]]()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if answer := _ANSWER.match(line):
            _finish(reading, start or number, number, stem, options, answer[1])
            start, stem, options = 0, [], []
        elif (option := _OPTION.match(line)) and stem:
            options.append((half_width(option[1]).upper(), squeeze(option[2])))
        elif options:
            reading.read += 1
            reading.fails(start, gettext_noop("第 %(at)s 行之前没有 ANSWER 行，这道题没有答案。"), at=number)
            start, stem, options = number, [line], []
        else:
            start = start or number
            stem.append(line)
    if stem:
        reading.read += 1
        reading.fails(start, gettext_noop("文件结束了，这道题还没有 ANSWER 行。"))
    return reading


def _finish(
    reading: Reading, start: int, line: int, stem: list[str], options: list[tuple[str, str]], answer: str
) -> None:
    reading.read += 1
    letters = re.findall(r"[A-Z]", half_width(answer).upper())
    if not stem:
        return reading.fails(line, gettext_noop("ANSWER 行前面没有题干。"))
    if not letters:
        return reading.fails(line, gettext_noop("ANSWER 后面要写选项的字母，如 ANSWER: B。"))
    named = [letter for letter, _text in options]
    expected = list(LETTERS[: len(named)])
    if named != expected:
        return reading.fails(start, gettext_noop("选项要按 A、B、C 的顺序写，不能跳过或重复字母。"))
    if len(stem) > 1:
        reading.lacks(
            start, "multi_line_stem", gettext_noop("Aiken 的题干应只有一行；这里的几行合成一个题干。")
        )
    texts = [text for _letter, text in options]
    item = Item(line=start, kind="single_choice", stem="\n".join(stem), options=lettered(texts), key=letters)
    if len(letters) > 1:
        reading.lacks(
            line, "several_answers", gettext_noop("Aiken 只有单选题；有几个答案的按多选题（全对得分）读取。")
        )
        item.kind = "multiple_choice"
    elif texts == _JUDGEMENT and letters[0] in "AB":
        item.kind, item.options = "true_false", []
        item.key = ["true" if letters[0] == "A" else "false"]
    reading.items.append(item)
    return None


def write(items: list[Item]) -> Written:
    """Write the single choice and true/false questions."""
    written = Written(b"", 0)
    blocks = []
    for item in items:
        losses = list(_losses(item))
        written.losses += losses
        if any(loss.is_left_out for loss in losses):
            continue
        texts = _JUDGEMENT if item.kind == "true_false" else [option["text"] for option in item.options]
        ids = ["true", "false"] if item.kind == "true_false" else [option["id"] for option in item.options]
        lines = [item.stem, *(f"{LETTERS[n]}. {text}" for n, text in enumerate(texts))]
        blocks.append("\n".join([*lines, f"ANSWER: {LETTERS[ids.index(item.key[0])]}"]))
    written.data = "".join(block + "\n\n" for block in blocks).encode()
    written.count = len(blocks)
    return written


def _losses(item: Item) -> list[Loss]:
    def loss(feature: str, message: str, *, is_left_out: bool = False) -> Loss:
        return Loss(item.code, feature, message, is_left_out)

    if item.kind not in {"single_choice", "true_false"}:
        return [loss("kind", gettext_noop("Aiken 只有单选题和判断题，这道题没有导出。"), is_left_out=True)]
    if "\n" in item.stem or _OPTION.match(item.stem) or _ANSWER.match(item.stem):
        message = gettext_noop("Aiken 的题干只能有一行，也不能像选项或答案行，这道题没有导出。")
        return [loss("stem", message, is_left_out=True)]
    if any(not option["text"] for option in item.options):
        return [loss("options", gettext_noop("有空的选项，这道题没有导出。"), is_left_out=True)]
    found = [loss("code", gettext_noop("Aiken 没有题号；再导入时按题干识别。"))]
    if item.picture:
        found.append(loss("picture", gettext_noop("Aiken 不能带图片或视频。")))
    for feature, value in (("explanation", item.explanation), ("topic", item.topic), ("tags", item.tags)):
        if value:
            found.append(loss(feature, gettext_noop("Aiken 没有解析、知识点和标签。")))
    return found + other_losses(item)


def other_losses(item: Item) -> list[Loss]:
    """Return the losses of every format but Excel: difficulty, source and must-know mark."""
    found = []
    if item.difficulty not in {None, 3}:
        found.append(Loss(item.code, "difficulty", gettext_noop("这种格式没有难度。")))
    if item.source:
        found.append(Loss(item.code, "source", gettext_noop("这种格式没有出处。")))
    if item.must_know:
        found.append(Loss(item.code, "must_know", gettext_noop("这种格式没有必知题的标记。")))
    return found
