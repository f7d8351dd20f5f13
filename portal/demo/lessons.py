"""Read the demo's lessons: front matter, and Markdown with a few directives, into the blocks of a lesson.

Pure: files in, dataclasses out. The directives are `:::steps`, `:::timeline`, `:::callout SIGN`,
`:::picture CODE` and `:::question STEM`, each closed by `:::`. What is worn for a step stands behind it in 【】.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from courses.blocks import PPE

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True, slots=True)
class DemoLesson:
    """One lesson: its fields, and its body as raw StreamField values. Pictures are named by code in `picture`."""

    slug: str
    title: str
    kind: str  # speech | case | rule
    shelf: str
    fields: dict[str, Any]
    posts: tuple[str, ...]
    hazards: tuple[str, ...]
    work: tuple[str, ...]  # names of equipment and processes
    film: str | None
    body: tuple[tuple[str, Any], ...]


FRONT_KEYS = {"type", "title", "slug", "shelf", "posts", "hazards", "work", "film"}
WORN = {str(words): name for name, words in PPE}


def read_lessons(folder: Path = DATA / "lessons") -> list[DemoLesson]:
    """Return the lessons of a folder in the order of their file names."""
    return [read_lesson(path.read_text()) for path in sorted(folder.glob("*.md"))]


def read_lesson(text: str) -> DemoLesson:
    """Return one lesson from its Markdown with front matter. Raises ValueError for an unknown directive."""
    _, front, body = text.split("---\n", 2)
    fields = yaml.safe_load(front)
    return DemoLesson(
        slug=fields["slug"],
        title=fields["title"],
        kind=fields["type"],
        shelf=fields["shelf"],
        fields={name: value for name, value in fields.items() if name not in FRONT_KEYS},
        posts=tuple(fields.get("posts") or ()),
        hazards=tuple(fields.get("hazards") or ()),
        work=tuple(fields.get("work") or ()),
        film=fields.get("film"),
        body=tuple(_blocks(body.strip().splitlines())),
    )


def _blocks(lines: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield (block type, raw value); consecutive paragraphs and lists become one text block."""
    run: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        starts_block = line.startswith((":::", "#", "|"))
        if starts_block and run:
            yield from _text(run)
            run = []
        if line.startswith(":::"):
            end = lines.index(":::", index + 1)
            yield _directive(line[3:].strip(), lines[index + 1 : end])
            index = end
        elif line.startswith("#"):
            marks, _, title = line.partition(" ")
            yield "heading", {"text": title.strip(), "level": str(min(len(marks), 4))}
        elif line.startswith("|"):
            end = index
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield "table", _table(lines[index:end])
            index = end - 1
        else:
            run.append(line)
        index += 1
    yield from _text(run)


def _text(lines: list[str]) -> Iterator[tuple[str, str]]:
    markup = "".join(_paragraphs(lines))
    if markup:
        yield "text", markup


def _paragraphs(lines: list[str]) -> Iterator[str]:
    open_list = ""
    for line in [*lines, ""]:
        bullet = re.match(r"- (.+)", line)
        number = re.match(r"\d+\. (.+)", line)
        wanted = "ul" if bullet else "ol" if number else ""
        if open_list and wanted != open_list:
            yield f"</{open_list}>"
            open_list = ""
        if wanted and not open_list:
            yield f"<{wanted}>"
            open_list = wanted
        item = bullet or number
        if item:
            yield f"<li>{html.escape(item[1], quote=False)}</li>"
        elif line.strip():
            yield f"<p>{html.escape(line.strip(), quote=False)}</p>"


def _table(lines: list[str]) -> dict[str, Any]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    header, body = rows[0], rows[2:]
    return {
        "columns": [{"type": "text", "heading": heading} for heading in header],
        "rows": [{"values": row} for row in body],
    }


def _directive(head: str, lines: list[str]) -> tuple[str, Any]:
    name, _, argument = head.partition(" ")
    content = [line.strip() for line in lines if line.strip()]
    match name:
        case "steps":
            steps = []
            for line in content:
                text, _, stop = re.sub(r"^\d+\.\s*", "", line).partition("||")
                stop = re.sub(r"^\s*停止点[：:]\s*", "", stop).strip()
                steps.append(_step(text.strip(), stop))
            return "steps", {"title": argument.strip(), "steps": steps}
        case "timeline":
            entries = [line.partition("|") for line in content]
            return "timeline", {
                "entries": [{"time": time.strip(), "text": text.strip()} for time, _, text in entries]
            }
        case "callout":
            return "callout", {"sign": argument.strip(), "text": "\n".join(content)}
        case "picture":
            return "picture", {"picture": argument.strip(), "caption": " ".join(content)}
        case "question":
            return "question", _question(argument.strip(), content)
    raise ValueError(f"unknown directive {name!r}")


def _step(text: str, stop: str) -> dict[str, Any]:
    worn = re.search(r"【(.+)】$", text)
    ppe = [WORN[word] for word in worn[1].split("、")] if worn else []
    return {"text": text[: worn.start()].strip() if worn else text, "ppe": ppe, "stop_point": stop}


def _question(stem: str, lines: list[str]) -> dict[str, Any]:
    """Return a question: `+` before what is right, `-` before what is not, `=` before the explanation."""
    options = [{"text": line[1:].strip(), "is_right": line[0] == "+"} for line in lines if line[0] in "+-"]
    told = [line[1:].strip() for line in lines if line[0] == "="]
    return {"stem": stem, "options": options, "explanation": " ".join(told)}
