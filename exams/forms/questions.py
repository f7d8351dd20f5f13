"""The form of a question: what all types have, and what each type says an author fills in."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.bank import QuestionDraft, media_facts
from exams.errors import InvalidQuestions
from exams.models import Bank, Question, QuestionMedia, Topic, kind_choices
from exams.queries.office import EditableContent
from exams.queries.papers import content_of
from exams.types import TYPES, Content, type_of
from exams.types.authoring import Author, Field, Table
from people.models import Hazard, OrgUnit, Post

LETTERS = "ABCDEFGHIJ"
# Where problems of a part are shown that has no field of its own name.
PLACES = {"media": "media_file"}


def tags_in(text: str) -> frozenset[str]:
    """Return the tags of a text in which commas, Chinese or not, keep them apart."""
    parts = text.replace("，", ",").replace("、", ",").split(",")
    return frozenset(part.strip() for part in parts if part.strip())


def _form_field(field: Field, label: str) -> forms.Field:
    """Return the form's field for what a type declares."""
    choices = [(value, _(text)) for value, text in field.choices]
    common: dict[str, Any] = {
        "label": label,
        "required": False,
        "help_text": _(field.help) if field.help else "",
    }
    if field.control == "tick":
        return forms.BooleanField(**common)
    if field.control == "number":
        return forms.IntegerField(min_value=field.least, max_value=field.most, **common)
    if field.control == "radio":
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
    if field.control == "choice":
        return forms.ChoiceField(choices=choices, **common)
    widget = forms.Textarea(attrs={"rows": 4}) if field.control == "long" else forms.TextInput
    return forms.CharField(widget=widget, **common)


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the form that belongs to some kinds only: one field, or a table with its rows."""

    kinds: str
    title: str
    help: str
    field: BoundField | None
    columns: tuple[str, ...] = ()
    rows: tuple["GroupRow", ...] = ()


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A row of a table; rows beyond the usual ones are `spare` while empty."""

    name: str
    cells: tuple[BoundField, ...]
    spare: bool


class QuestionForm(forms.Form):
    """A question as an author edits it. Identity (bank and code) is fixed once it exists."""

    bank = forms.ModelChoiceField(label=gettext_lazy("题库"), queryset=Bank.objects.none())
    code = forms.CharField(label=gettext_lazy("题号"), max_length=40)
    topic = forms.ModelChoiceField(label=gettext_lazy("知识点"), queryset=Topic.objects.order_by("code"))
    kind = forms.ChoiceField(label=gettext_lazy("题型"), choices=kind_choices)
    stem = forms.CharField(label=gettext_lazy("题干"), widget=forms.Textarea(attrs={"rows": 3}))
    stored_media = forms.ModelChoiceField(
        queryset=QuestionMedia.objects.none(), required=False, widget=forms.HiddenInput
    )
    media_file = forms.FileField(
        label=gettext_lazy("图片或视频"),
        required=False,
        help_text=gettext_lazy("JPEG、PNG、WebP 图片或 MP4 短片，显示在题干下面。选新文件会换掉原来的。"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,video/mp4"}),
    )
    media_alt = forms.CharField(
        label=gettext_lazy("图上有什么"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("一句话说明画面，读屏软件会念给看不见图的人听；不要写出答案。"),
    )
    media_remove = forms.BooleanField(label=gettext_lazy("去掉图片或视频"), required=False)
    explanation = forms.CharField(
        label=gettext_lazy("解析"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("说清为什么，考生合格或次数用完后可见。"),
    )
    difficulty = forms.TypedChoiceField(
        label=gettext_lazy("难度"),
        coerce=int,
        initial=3,
        choices=[(1, gettext_lazy("1 易")), (2, "2"), (3, "3"), (4, "4"), (5, gettext_lazy("5 难"))],
    )
    must_know = forms.BooleanField(label=gettext_lazy("必知题"), required=False)
    owner = forms.ModelChoiceField(
        label=gettext_lazy("所属单位"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=gettext_lazy("由哪个单位维护这道题；留空就是题库的所属单位。"),
    )
    source = forms.CharField(
        label=gettext_lazy("出处"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("法条、标准或本厂规程，例如：安全生产法第二十八条。"),
    )
    source_ref = forms.CharField(
        label=gettext_lazy("出处链接"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("法规原文或课件的网址，可不填。"),
    )
    tags = forms.CharField(
        label=gettext_lazy("标签"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("多个标签用逗号隔开，例如：安全生产月，新员工。"),
    )
    posts = forms.ModelMultipleChoiceField(
        label=gettext_lazy("适用岗位"),
        required=False,
        queryset=Post.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
    )
    hazards = forms.ModelMultipleChoiceField(
        label=gettext_lazy("危险因素"),
        required=False,
        # Categories of a standard no longer in force are kept for what carries them, not for new questions.
        queryset=Hazard.objects.filter(standard__in_force_before=None),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        banks: QuerySet[Bank],
        media: QuerySet[QuestionMedia],
        units: QuerySet[OrgUnit],
        question: Question | None = None,
        content: EditableContent | None = None,
        **kwargs: Any,
    ) -> None:
        self.question = question
        self.option_ids: list[str] = []
        if question is not None and content is not None:
            kwargs["initial"] = self._initial(question, content)
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]
        self.fields["stored_media"].queryset = media  # type: ignore[attr-defined]
        if question is not None and question.owner_id is not None:
            # Somebody else may have named a unit this author has no say over: it is kept, not lost.
            units = units | OrgUnit.objects.filter(pk=question.owner_id)
        self.fields["owner"].queryset = units  # type: ignore[attr-defined]
        self._parts = self._merge_parts()
        for part, _kinds in self._parts:
            self._add_fields(part)
        if question is not None:
            self.fields["bank"].disabled = True
            self.fields["code"].disabled = True

    @staticmethod
    def _merge_parts() -> list[tuple[Author, list[str]]]:
        """Return the parts of all types, those that several share once."""
        merged: list[tuple[Author, list[str]]] = []
        for kind, each in TYPES.items():
            for part in each.author:
                known = next((kinds for other, kinds in merged if other is part), None)
                if known is None:
                    merged.append((part, [kind]))
                else:
                    known.append(kind)
        return merged

    def _add_fields(self, part: Author) -> None:
        if isinstance(part, Field):
            self.fields[part.name] = _form_field(part, _(part.label))
            return
        for place in range(part.rows):
            for column in part.columns:
                label = f"{_row_name(part, place)} {_(column.label)}"
                self.fields[f"{column.name}_{place}"] = _form_field(column, label)

    def _initial(self, question: Question, content: EditableContent) -> dict[str, Any]:
        version = content.version
        typed = type_of(version.kind).write(content_of(version), content.correct)
        # Ids stay what they are, so that an unchanged question needs no new version.
        self.option_ids = typed.pop("option_ids", [])
        return {
            "bank": question.bank_id,
            "code": question.code,
            "topic": question.topic_id,
            "kind": version.kind,
            "stem": version.stem,
            "stored_media": version.media_id,
            "media_alt": version.media.alt if version.media else "",
            "explanation": content.explanation,
            "difficulty": version.difficulty,
            "must_know": question.must_know,
            "owner": question.owner_id,
            "source": version.source,
            "source_ref": version.source_ref,
            "tags": "，".join(tag.name for tag in question.tags.all()),
            "posts": [post.pk for post in question.posts.all()],
            "hazards": [hazard.pk for hazard in question.hazards.all()],
            **typed,
        }

    @property
    def groups(self) -> list[Group]:
        """Return the parts of the types, for the template."""
        groups = []
        for part, kinds in self._parts:
            if isinstance(part, Field):
                groups.append(Group(" ".join(kinds), "", "", self[part.name]))
                continue
            rows = tuple(
                GroupRow(_row_name(part, place), cells, self._is_spare(part, place, cells))
                for place in range(part.rows)
                if (cells := tuple(self[f"{column.name}_{place}"] for column in part.columns))
            )
            columns = tuple(_(column.label) for column in part.columns)
            groups.append(Group(" ".join(kinds), _(part.title), _(part.help), None, columns, rows))
        return groups

    @staticmethod
    def _is_spare(part: Table, place: int, cells: tuple[BoundField, ...]) -> bool:
        return place >= part.shown and not any(cell.value() or cell.errors for cell in cells[:1])

    @property
    def scripts(self) -> list[str]:
        """Return the modules that make some types' parts handier."""
        return sorted({each.author_script for each in TYPES.values() if each.author_script})

    @property
    def current_media(self) -> QuestionMedia | None:
        """Return the picture or film the question has now, saved or just uploaded."""
        field = self.fields["stored_media"]
        value = self["stored_media"].value()
        found: QuestionMedia | None = (
            field.queryset.filter(pk=value).first() if str(value or "").isdecimal() else None  # type: ignore[attr-defined]
        )
        return found

    def parts(self) -> tuple[Content, Any]:
        """Return content and key as far as they are typed; call it after `is_valid`, valid or not."""
        data = {**self.cleaned_data, "option_ids": self.option_ids}
        kind = type_of(data.get("kind") or next(iter(TYPES)))
        options, body, key = kind.read(data)
        media = media_facts(None if data.get("media_remove") else data.get("stored_media"))
        raw = Content(data.get("stem", ""), options, body, media)
        options, body, key = kind.clean(raw, key)
        return Content(raw.stem, options, body, media), key

    def draft(self) -> QuestionDraft:
        """Return what was typed as a draft. Call it on a valid form."""
        data = self.cleaned_data
        content, key = self.parts()
        return QuestionDraft(
            code=data["code"],
            topic=data["topic"],
            kind=data["kind"],
            stem=data["stem"],
            options=content.options,
            body=content.body,
            correct=key,
            media=None if data["media_remove"] else data["stored_media"],
            explanation=data["explanation"],
            difficulty=data["difficulty"],
            must_know=data["must_know"],
            source=data["source"],
            source_ref=data["source_ref"],
            hazard_ids=frozenset(hazard.pk for hazard in data["hazards"]),
            post_ids=frozenset(post.pk for post in data["posts"]),
            tags=tags_in(data["tags"]),
            owner=data["owner"],
            sets_owner=True,
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a code that is taken when the question is new: saving it would change the other one."""
        data = super().clean() or {}
        bank, code = data.get("bank"), data.get("code")
        is_new = self.question is None and bank is not None and code
        if is_new and Question.objects.filter(bank=bank, code=code).exists():
            self.add_error("code", _("题库里已有题号“%(code)s”，请换一个。") % {"code": code})
        return data

    def add_problems(self, error: InvalidQuestions) -> None:
        """Show what the action refused at the fields it concerns; options and key stand above the table."""
        for problem in error.problems:
            name = PLACES.get(problem.field, problem.field)
            self.add_error(name if name in self.fields else None, problem.message)


def _row_name(part: Table, place: int) -> str:
    return LETTERS[place] if part.numbering == "letters" else str(place + 1)
