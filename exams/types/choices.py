"""What the types share in which options are chosen: the author's table, the tokens, the review."""

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar, Literal

from exams.shapes import Body, Key, Option
from exams.types.authoring import Field, Table, Values
from exams.types.base import (
    MAX_OPTIONS,
    Choice,
    Content,
    QuestionType,
    ReviewLine,
    body_with,
    gettext_noop,
    option_texts,
)

LETTERS = "ABCDEFGHIJ"[:MAX_OPTIONS]
OPTIONS = Table(
    title=gettext_noop("选项与答案"),
    help=gettext_noop("每行一个选项，勾出正确答案。考生看到的顺序每次不同；不用的行留空。"),
    columns=(
        Field("option", gettext_noop("选项")),
        Field("right", gettext_noop("是正确答案"), "tick"),
    ),
    rows=MAX_OPTIONS,
)


class ChoiceType(QuestionType):
    """Options with radio buttons or tick boxes; the key is the list of the right options' ids."""

    control: ClassVar[Literal["radio", "checkbox"]]
    review_template = "exams/types/_review_choice.html"

    def clean(self, content: Content, key: Key) -> tuple[list[Option], dict[str, Any], Key]:
        """Sort the key by the options, so that its order says nothing."""
        given = content.options or self.fixed_options or ()
        options, body, _key = super().clean(Content(options=given, body=content.body), key)
        order = {option["id"]: place for place, option in enumerate(options)}
        listed = list(key) if isinstance(key, list | tuple) else key
        if isinstance(listed, list):
            listed.sort(key=lambda option_id: order.get(option_id, len(order)))
        return options, body, listed

    def read(self, values: Values) -> tuple[list[Option], dict[str, Any], Key]:
        """Read the table of options; ids are the stored ones, so an unchanged question stays the same."""
        ids = _ids(values)
        options = [
            Option(id=option_id, text=str(values.get(f"option_{place}") or ""))
            for place, option_id in enumerate(ids)
            if str(values.get(f"option_{place}") or "").strip()
        ]
        key = [option_id for place, option_id in enumerate(ids) if values.get(f"right_{place}")]
        return options, body_with(values.get("scoring"), self.scorings), key

    def write(self, content: Content, key: Key) -> dict[str, Any]:
        """Write the table of options."""
        values: dict[str, Any] = {}
        if scoring := self.scoring(content.body):
            values["scoring"] = scoring.code
        known = [option["id"] for option in content.options]
        values["option_ids"] = known + [letter for letter in LETTERS if letter not in known]
        for place, option in enumerate(content.options):
            values[f"option_{place}"] = option["text"]
            values[f"right_{place}"] = option["id"] in key
        return values

    def accepts(self, response: Sequence[str], tokens: Sequence[str]) -> bool:
        """Accept known tokens, each once, and only one for radio buttons."""
        return (
            set(response) <= set(tokens)
            and len(set(response)) == len(response)
            and (self.control == "checkbox" or len(response) <= 1)
        )

    def present(self, choices: Sequence[Choice], body: Body, response: Sequence[str]) -> dict[str, Any]:
        """Tell the template which control to use."""
        return {"control": self.control}

    def mark(self, response: Sequence[str], body: Body, key: Key) -> Fraction:
        """Return the earned fraction; nothing chosen earns nothing."""
        return self.mark_chosen(set(response), set(key), body) if response else Fraction(0)

    @abstractmethod
    def mark_chosen(self, chosen: set[str], right: set[str], body: Body) -> Fraction:
        """Return what these options earn."""

    def right_response(self, content: Content, key: Key) -> list[str]:
        """Return the right options."""
        return list(key)

    def review(self, content: Content, response: Sequence[str], key: Key) -> list[ReviewLine]:
        """Return one line: chosen and right."""
        chosen, right = option_texts(content, response), option_texts(content, key)
        return [ReviewLine("", chosen, right, set(response) == set(key))]


def _ids(values: Values) -> list[str]:
    return list(values.get("option_ids") or LETTERS)[: len(LETTERS)]
