"""简答题: a few sentences, marked by a person."""

from exams.types.base import gettext_noop
from exams.types.written import Written


class ShortAnswer(Written):
    """A few sentences."""

    kind = "short_answer"
    label = gettext_noop("简答题")
    rank = 80
    answering_s = 240
    max_text = 1000
    rows = 5


TYPE = ShortAnswer()
