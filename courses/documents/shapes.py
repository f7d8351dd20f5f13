"""What goes through the repair of a document, and what comes out."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

ProblemCode = Literal[
    "encrypted",
    "empty",
    "truncated",
    "too_large",
    "bomb",
    "wrong_type",
    "unsupported",
    "undecodable",
    "unreadable",
]

LineKind = Literal["text", "bullet", "numbered", "table", "picture"]

BlockKind = Literal["heading", "paragraph", "bullets", "numbers", "table", "picture"]

RepairKind = Literal[
    "watermark",
    "zero_width",
    "html",
    "spaces",
    "odd_characters",
    "punctuation",
    "site_text",
    "page_number",
    "page_fragment",
    "contents_list",
    "running_header",
    "duplicate",
    "broken_line",
    "run_together",
    "split",
    "lost_character",
    "picture_left_out",
]

# What of a file with a format of its own does not come over as it stood there.
LossKind = Literal[
    "deleted",
    "inserted",
    "comment",
    "hidden",
    "struck",
    "emphasis",
    "symbol",
    "note",
    "header_footer",
    "text_box",
    "merged_cells",
    "inner_table",
    "picture",
    "picture_moved",
    "object",
    "formula",
    "link",
    "layout",
    "scanned_page",
    "garbled_page",
    "page_picture",
    "page_note",
]


class DocumentProblem(Exception):
    """A file that cannot become a lesson. `detail` says what was found, for the message or the log."""

    def __init__(self, code: ProblemCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a text file, or a paragraph, table or picture of a document with a format of its own.

    `heading` is what the format says: 0 the title, 1 to 9 a heading, None nothing. `whole` means the format
    marks paragraphs, so that a line is one. `depth` counts the lists an item of a list stands in, from 0;
    `description` is a picture's. `cut_before` means that something was removed in front of it
    which may have stood in the middle of a sentence; `continues` that it certainly did.
    """

    text: str
    number: int = 0
    kind: LineKind = "text"
    heading: int | None = None
    whole: bool = False
    centred: bool = False
    bold: bool = False
    indented: bool = False
    blank_before: bool = False
    page_break_before: bool = False
    cut_before: bool = False
    continues: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    picture: str = ""
    description: str = ""
    depth: int = 0

    @property
    def is_prose(self) -> bool:
        """Whether this is plain text, not an item, a table, a picture or a marked heading."""
        return self.kind == "text" and self.heading is None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a lesson's body.

    `level` is 1 to 3 for headings. `run_in` marks a heading whose paragraph goes on in the same line; `source`
    is then, as for every heading, the text as it stands in the document. `items` holds a list's items as they
    read with their numbers, `rows` a table's cells, `picture` the name of a picture in the file and
    `description` what it shows. `depths` says how deep each item stands in a list of lists; empty: all at 0.
    """

    kind: BlockKind
    text: str = ""
    level: int = 0
    run_in: bool = False
    source: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    picture: str = ""
    description: str = ""
    depths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that did not come over as it stood in the file.

    `place` counts the file's paragraphs, tables and pictures from 1 (0: the file as a whole), `near` is how that
    paragraph begins, and `text` what was lost, moved or accepted.
    """

    kind: LossKind
    place: int
    near: str
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind of repair made in a document: how often, and what it looked like."""

    kind: RepairKind
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Document:
    """One speech, case or rule taken out of a file.

    `titled_by_name` if the file's name had to be its title. `salutation_after` counts the blocks (date, speaker)
    that stand between title and salutation.
    """

    title: str
    salutation: str
    blocks: tuple[Block, ...]
    repairs: tuple[Repair, ...]
    titled_by_name: bool = False
    salutation_after: int = 0
    losses: tuple[Loss, ...] = ()

    @property
    def headings(self) -> list[Block]:
        """Return the headings in order."""
        return [block for block in self.blocks if block.kind == "heading"]

    @property
    def paragraphs(self) -> int:
        """Count paragraphs and list items; headings, tables and pictures are not among them."""
        lists = sum(len(block.items) for block in self.blocks if block.kind in {"bullets", "numbers"})
        return lists + sum(block.kind == "paragraph" for block in self.blocks)

    @property
    def text(self) -> str:
        """Return the cleaned plain text: title, salutation and body, one paragraph a line."""
        lines = [] if self.titled_by_name else [self.title]
        run_in = ""
        # One block more than there are: the salutation may stand after the last.
        for place, block in enumerate((*self.blocks, Block("paragraph"))):
            if self.salutation and place == self.salutation_after:
                lines.append(self.salutation)
            if block.run_in:
                run_in = block.source
                continue
            lines += [run_in + line if at == 0 else line for at, line in enumerate(_lines(block))]
            run_in = ""
        return "\n".join(lines[:-1])


def _lines(block: Block) -> Iterable[str]:
    if block.kind == "heading":
        return [block.source]
    if block.kind == "table":
        return ["\t".join(row) for row in block.rows]
    if block.kind in {"bullets", "numbers"}:
        return block.items
    return [block.text] if block.kind == "paragraph" else []


@dataclass(frozen=True, slots=True)
class RepairEvent:
    """One repair, where it happened and what text it took away."""

    kind: RepairKind
    line_number: int
    example: str
    removed: str


@dataclass(slots=True)
class RepairLog:
    """Everything that was done to a file's text, in the order it was done."""

    events: list[RepairEvent] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def add(self, kind: RepairKind, line: SourceLine, example: str, removed: str = "") -> None:
        """Note one repair at a line. `removed` is the text no longer to be found in the result."""
        self.events.append(RepairEvent(kind, line.number, shorten(example), removed))

    def lose(self, kind: LossKind, line: SourceLine | None, text: str) -> None:
        """Note one loss at a line; None: in the file as a whole."""
        if line is None:
            self.losses.append(Loss(kind, 0, "", shorten(text)))
            return
        row = next((cell for row in line.rows for cell in row if cell), "")
        near = (line.text.strip() or row)[:NEAR_CHARS]
        self.losses.append(Loss(kind, line.number + 1, near, shorten(text)))

    def losses_by_part(self, starts: Sequence[int]) -> list[tuple[Loss, ...]]:
        """Return the losses of each part of a file; what concerns the whole file stands with the first."""
        cuts = [0, *(start + 1 for start in starts[1:])]
        found: list[list[Loss]] = [[] for _ in cuts]
        for loss in sorted(self.losses, key=lambda one: one.place):
            found[max(bisect_right(cuts, loss.place) - 1, 0)].append(loss)
        return [tuple(losses) for losses in found]

    def by_part(self, starts: Sequence[int]) -> list[tuple[Repair, ...]]:
        """Sum up the repairs of each part of a file, by kind. `starts` are the parts' first source lines."""
        # In the order of the text: the example of a kind is the first a reader comes to.
        events = sorted(self.events, key=lambda event: event.line_number)
        numbers = [event.line_number for event in events]
        cuts = [0, *(bisect_left(numbers, start) for start in starts[1:]), len(events)]
        return [self._sum_up(events[one:other]) for one, other in pairwise(cuts)]

    @staticmethod
    def _sum_up(chosen: Sequence[RepairEvent]) -> tuple[Repair, ...]:
        counts = Counter(event.kind for event in chosen)
        examples: dict[RepairKind, str] = {}
        for event in chosen:
            examples.setdefault(event.kind, event.example)
        return tuple(Repair(kind, counts[kind], example) for kind, example in examples.items())


EXAMPLE_CHARS, NEAR_CHARS = 80, 24


def shorten(text: str) -> str:
    """Cut an example to EXAMPLE_CHARS, marking the cut."""
    text = text.strip()
    return text if len(text) <= EXAMPLE_CHARS else text[: EXAMPLE_CHARS - 1] + "…"
