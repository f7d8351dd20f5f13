"""The demo's content: shelves, pictures, films, lessons, courses, the question bank and its exams."""

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from courses.actions.films import store_film
from courses.actions.pages import add_course, add_lesson
from courses.actions.pictures import store_picture
from courses.actions.shelves import ensure_shelves
from courses.models import CoursePage, Film, LessonPage, Picture
from exams.actions.bank import QuestionDraft, save_bank, save_questions, save_topic
from exams.actions.exams import ExamDraft, RowDraft, save_exam
from exams.models import Bank, Exam
from people.models import Hazard, Post, User, WorkFeature
from portal.demo.films import FILM_CODES, make_film
from portal.demo.lessons import DATA, DemoLesson, read_lessons
from portal.demo.organisation import HAZARD_STANDARD
from portal.demo.pictures import PICTURE_CODES, draw_picture

Report = Callable[[str, int, int], None]
BANK_CODE = "works"
COURSE_SHELF = "courses"


@dataclass(frozen=True, slots=True)
class DemoContent:
    """What was loaded, by code."""

    lessons: dict[str, LessonPage]
    courses: dict[str, CoursePage]
    exams: dict[str, Exam]


def load_content(
    *, editor: User, now: dt.datetime, report: Report, film_seconds: float | None = None
) -> DemoContent:
    """Load all content; what is there already is left alone. `report(what, done, total)` is called as it goes.

    `film_seconds` squeezes each film into that time.
    """
    shelves = ensure_shelves(acting_user=editor, now=now)
    films = _load_films(editor, now, report, film_seconds)
    pictures = _load_pictures(editor, now, report)
    exams = load_bank(now=now, report=report)
    posts = {post.name: post for post in Post.objects.all()}
    hazards = {hazard.name: hazard for hazard in Hazard.objects.filter(standard__code=HAZARD_STANDARD)}
    features = {feature.name: feature for feature in WorkFeature.objects.all()}
    lessons: dict[str, LessonPage] = {}
    drafts = read_lessons()
    for number, draft in enumerate(drafts, start=1):
        report("课件", number, len(drafts))
        lessons[draft.slug] = add_lesson(
            kind=draft.kind,
            shelf=shelves[draft.shelf],
            title=draft.title,
            slug=draft.slug,
            body=[(name, _with_picture(name, value, pictures)) for name, value in draft.body],
            fields=_fields(draft, hazards, lessons),
            posts=[posts[name] for name in draft.posts],
            hazards=[hazards[name] for name in draft.hazards],
            work_features=[features[name] for name in draft.work],
            film=films[draft.film] if draft.film else None,
            publish=True,
            acting_user=editor,
            now=now,
        )
    courses: dict[str, CoursePage] = {}
    for entry in yaml.safe_load((DATA / "courses.yaml").read_text())["courses"]:
        courses[entry["code"]] = add_course(
            shelf=shelves[COURSE_SHELF],
            title=entry["title"],
            slug=entry["code"],
            intro=entry["intro"],
            hours=Decimal(entry["hours"]),
            lessons=[lessons[slug] for slug in entry["lessons"]],
            exam=exams[entry["exam"]] if entry["exam"] else None,
            prerequisites=[courses[code] for code in entry.get("needs", ())],
            publish=True,
            acting_user=editor,
            now=now,
        )
    # Published by their revisions: read again, because the objects at hand still think themselves drafts.
    lessons = {lesson.slug: lesson for lesson in LessonPage.objects.filter(slug__in=lessons)}
    return DemoContent(lessons=lessons, courses=courses, exams=exams)


def _fields(draft: DemoLesson, hazards: dict[str, Hazard], lessons: dict[str, LessonPage]) -> dict[str, Any]:
    fields = dict(draft.fields)
    if "category" in fields:
        fields["category"] = hazards[fields["category"]]
    if "supersedes" in fields:
        fields["supersedes"] = lessons[fields["supersedes"]]
    return fields


def _with_picture(name: str, value: Any, pictures: dict[str, Picture]) -> Any:
    return {**value, "picture": pictures[value["picture"]].pk} if name == "picture" else value


def _load_films(editor: User, now: dt.datetime, report: Report, seconds: float | None) -> dict[str, Film]:
    films: dict[str, Film] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, code in enumerate(FILM_CODES, start=1):
            report("影片", number, len(FILM_CODES))
            made = make_film(code, Path(folder) / f"{code}.mp4", seconds=seconds)
            films[code] = store_film(
                path=made.path, title=made.title, subtitles=made.subtitles_vtt, acting_user=editor, now=now
            ).film
    return films


def _load_pictures(editor: User, now: dt.datetime, report: Report) -> dict[str, Picture]:
    pictures: dict[str, Picture] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, code in enumerate(PICTURE_CODES, start=1):
            report("图片", number, len(PICTURE_CODES))
            made = draw_picture(code, Path(folder) / f"{code}.png")
            pictures[code] = store_picture(
                data=made.path.read_bytes(),
                file_name=made.path.name,
                title=made.title,
                description=made.alt,
                acting_user=editor,
                now=now,
            )
    return pictures


def load_bank(*, now: dt.datetime, report: Report) -> dict[str, Exam]:
    """Load the questions and the exams drawn from them; unchanged questions get no new version."""
    bank = save_bank(code=BANK_CODE, name="云山机械厂题库", may_be_practised=True, acting_user=None)
    hazards = {hazard.name: hazard.pk for hazard in Hazard.objects.filter(standard__code=HAZARD_STANDARD)}
    files = sorted((DATA / "questions").glob("*.yaml"))
    topics = {}
    for number, path in enumerate(files, start=1):
        report("试题", number, len(files))
        content = yaml.safe_load(path.read_text())
        topic = save_topic(code=content["topic"]["code"], name=content["topic"]["name"], acting_user=None)
        topics[topic.code] = topic
        drafts = [
            QuestionDraft(
                code=entry["code"],
                topic=topic,
                kind=entry["kind"],
                stem=entry["stem"],
                options=[
                    {"id": letter, "text": str(text)} for letter, text in (entry.get("options") or {}).items()
                ],
                correct=[str(key).lower() if isinstance(key, bool) else key for key in entry["correct"]],
                explanation=entry["explanation"],
                difficulty=entry["difficulty"],
                source=entry["source"],
                must_know=entry["must_know"],
                hazard_ids=frozenset(hazards[name] for name in entry["hazards"]),
            )
            for entry in content["questions"]
        ]
        save_questions(bank=bank, drafts=drafts, acting_user=None, now=now)
    return {
        entry["code"]: _save_exam(entry, bank, topics)
        for entry in yaml.safe_load((DATA / "exams.yaml").read_text())["exams"]
    }


def _save_exam(entry: dict[str, Any], bank: Bank, topics: dict[str, Any]) -> Exam:
    return save_exam(
        draft=ExamDraft(
            code=entry["code"],
            title=entry["title"],
            bank=bank,
            duration_s=entry["duration_s"],
            pass_pct=entry["pass_pct"],
            attempts_allowed=entry["attempts_allowed"],
            must_know_fails=entry["must_know_fails"],
            rows=[
                RowDraft(
                    topic=topics[row["topic"]],
                    kind=row["kind"],
                    count=row["count"],
                    points=Decimal(row["points"]),
                    must_know_only=row.get("must_know_only", False),
                )
                for row in entry["blueprint"]
            ],
        ),
        acting_user=None,
    )
