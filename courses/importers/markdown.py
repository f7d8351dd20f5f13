"""Reader of Markdown: headings, paragraphs, lists and tables; the rest is read as text."""

import re
from collections.abc import Iterator

from courses.documents import Document, SourceLine, decode, understand
from courses.documents.reading import renumber

_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:\s+|(?=[^#\s]))(.*?)(?:\s+#+)?\s*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
_BULLET = re.compile(r"^\s*[-*+]\s+(?:\[[ xX]\]\s+)?(.*)$")
_NUMBER = re.compile(r"^\s*(\d{1,3}[.)])\s+(.*)$")
_RULE = re.compile(r"^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()]|\([^)]*\))*\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_]+?)(?<=\S)\1(?![\w*])")
_CODE = re.compile(r"`([^`]+)`")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_WATERMARK = re.compile(
    r"[#＃]{2,}[^#＃\n]{0,60}?(?:begin|end|start|stop|开始|结束|水印)[^#＃\n]{0,10}?[#＃]{2,}\s*$", re.I
)


def read_markdown(data: bytes, *, fallback_title: str) -> tuple[list[Document], str]:
    """Return the documents in a Markdown file and the name of its encoding. Raises DocumentProblem."""
    text, encoding = decode(data)
    lines = renumber(_lines(_without_front_matter(text.split("\n"))))
    return understand(lines, fallback_title=fallback_title, markdown=True), encoding


def _without_front_matter(lines: list[str]) -> list[str]:
    """Replace YAML front matter by its title, as a heading."""
    if not lines or lines[0].strip("\ufeff ") != "---" or "---" not in [line.strip() for line in lines[1:40]]:
        return lines
    end = [line.strip() for line in lines[1:40]].index("---") + 1
    titles = [line.split(":", 1)[1].strip(" \"'") for line in lines[1:end] if line.startswith("title:")]
    return [f"# {title}" for title in titles] + lines[end + 1 :]


def _lines(raw: list[str]) -> Iterator[SourceLine]:
    """Yield paragraphs (their soft line breaks joined), headings, items and tables."""
    top = min((len(found.group(1)) for line in raw if (found := _heading(line))), default=1)
    tops = sum(bool(found) and len(found.group(1)) == top for line in raw if (found := _heading(line)))
    paragraph: list[str] = []
    place = 0
    while place < len(raw):
        line = raw[place]
        taken = 1
        special: SourceLine | None = None
        heading = _heading(line)
        if heading:
            special = _heading_line(len(heading.group(1)), heading.group(2), top, tops)
        elif paragraph and len(paragraph) == 1 and _SETEXT.match(line):
            special = _heading_line(1 if line.strip()[0] == "=" else 2, paragraph.pop(), top=1, tops=1)
        elif _is_table(raw, place):
            special, taken = _table(raw, place)
        elif item := _BULLET.match(line):
            special = SourceLine(_inline(item.group(1)), kind="bullet", whole=True)
        elif item := _NUMBER.match(line):
            special = SourceLine(f"{item.group(1)} {_inline(item.group(2))}", kind="text", whole=True)
        ends = special or not line.strip() or _RULE.match(line) or _FENCE.match(line)
        if ends:
            yield from _paragraph(paragraph)
            paragraph = []
            if special:
                yield special
            elif not line.strip():
                yield SourceLine("")
        else:
            paragraph.append(re.sub(r"^\s*>+\s?", "", line))
        place += taken
    yield from _paragraph(paragraph)


def _heading(line: str) -> re.Match[str] | None:
    return None if _WATERMARK.search(line) else _HEADING.match(line)


def _heading_line(level: int, text: str, top: int, tops: int) -> SourceLine:
    # One heading at the highest level is the title; several are the first level of the outline.
    is_title = level == top and tops == 1 and top == 1
    return SourceLine(_inline(text), heading=0 if is_title else level, whole=True)


def _paragraph(lines: list[str]) -> Iterator[SourceLine]:
    """Yield one line per paragraph; a line that begins something new or follows two spaces stays apart."""
    for line in lines:
        yield SourceLine(_inline(line.rstrip()))


def _is_table(raw: list[str], place: int) -> bool:
    return (
        place + 1 < len(raw)
        and "|" in raw[place]
        and "|" in raw[place + 1]
        and bool(_TABLE_RULE.match(raw[place + 1]))
    )


def _table(raw: list[str], place: int) -> tuple[SourceLine, int]:
    rows = [_cells(raw[place])]
    taken = 2
    for line in raw[place + 2 :]:
        if "|" not in line:
            break
        rows.append(_cells(line))
        taken += 1
    size = max(map(len, rows))
    return SourceLine("", kind="table", rows=tuple((*row, *[""] * (size - len(row))) for row in rows)), taken


def _cells(line: str) -> tuple[str, ...]:
    bare = line.strip().removeprefix("|").removesuffix("|")
    return tuple(_inline(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", bare))


def _inline(text: str) -> str:
    """Take the marks of emphasis, links and code off, and keep their text."""
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _CODE.sub(r"\1", text)
    for _ in range(2):
        text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(r"\2", text)
    return _ESCAPE.sub(r"\1", text)
