"""`python -m tests.load.catalogue`: the seconds of a search over 5,000 lessons, beside one LIKE over the same words."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.load.bench import prepare

LESSONS = 5_000
CHARS = 1_500  # of a lesson's text, as the demo's have
SEARCHES = ("动火", "动火作业监护人", "有限空间 通风检测", "登高作业要系保险带吗", "没有这样的字")
ROUNDS = 5


def median_s(work: Callable[[], object]) -> float:
    """Return the median seconds of a few runs, the first of which is not counted."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def fill() -> None:
    """Make the lessons from the demo's sentences in one seeded order, by rows: the editor is not measured."""
    import random  # noqa: PLC0415

    from wagtail.models import Page  # noqa: PLC0415 - after django.setup()

    from courses.content import body_text  # noqa: PLC0415
    from courses.models import PageWords  # noqa: PLC0415
    from courses.searching import folded  # noqa: PLC0415
    from portal.demo.lessons import read_lessons  # noqa: PLC0415
    from tests.factories.courses import PolicySpeechFactory  # noqa: PLC0415

    demo = read_lessons()
    lines = [
        line
        for lesson in demo
        for line in body_text([{"type": kind, "value": value} for kind, value in lesson.body]).splitlines()
    ]
    chance = random.Random(1)
    first = PolicySpeechFactory()
    words = []
    for number in range(LESSONS):
        page = Page(
            path=f"{first.path[:-4]}{number + 100:04d}", depth=first.depth, title=f"课件{number}", slug=f"k{number}",
            content_type=first.content_type, locale=first.locale, live=True, first_published_at=first.first_published_at,
        )  # fmt: skip
        text = ""
        while len(text) < CHARS:
            text += chance.choice(lines)
        words.append(
            (page, folded(chance.choice(demo).title), folded(chance.choice(lines)[:80]), folded(text))
        )
    Page.objects.bulk_create([page for page, *_ in words], batch_size=500)
    PageWords.objects.bulk_create(
        [PageWords(page=page, title=title, head=head, body=body) for page, title, head, body in words],
        batch_size=500,
    )


def main() -> None:
    """Print one JSON line a search."""
    with tempfile.TemporaryDirectory(prefix="anxue-bench-") as name:
        prepare(Path(name))
        from courses.models import PageWords  # noqa: PLC0415 - after django.setup()
        from courses.queries import ranked_pages  # noqa: PLC0415

        fill()
        like_s = median_s(lambda: PageWords.objects.filter(body__contains="没有这样的字").count())
        for words in SEARCHES:
            line = {
                "figure": f"search of {LESSONS} lessons: {words}",
                "value": round(median_s(lambda words=words: ranked_pages(words)), 3),
                "unit": "s",
                "yardstick": round(like_s, 3),
                "found": len(ranked_pages(words)),
            }
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
