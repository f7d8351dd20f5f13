"""What an exam's results say of its questions: the page and the workbook."""

from collections.abc import Callable
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from common import clock
from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.analysis import Finding, ItemFigures, Thresholds
from exams.drift import Drift
from exams.models import Exam
from exams.queries.analysis import Drifts, ExamAnalysis, ItemInfo, exam_analysis
from exams.queries.office import exams_for
from exams.views.office import for_those_who
from people.models import User
from people.permissions import Capability

FINDINGS = {
    Finding.NEGATIVE: (
        "stop",
        gettext_lazy("答得好的人反而答错：先核对答案"),
    ),
    Finding.STRONG_DISTRACTOR: ("stop", gettext_lazy("有错误选项更吸引高分者：选项或题干可能有歧义")),
    Finding.WEAK: ("care", gettext_lazy("分不出会与不会")),
    Finding.TOO_HARD: ("care", gettext_lazy("太难：先看培训内容是否讲到")),
    Finding.TOO_EASY: ("care", gettext_lazy("几乎人人答对：必知题可以这样，其他题可换")),
    Finding.IDLE_DISTRACTOR: ("care", gettext_lazy("有错误选项几乎没人选")),
    Finding.OFTEN_OMITTED: ("care", gettext_lazy("多人未作答")),
    Finding.EASIER: ("care", gettext_lazy("变容易了：可能外传，也可能培训见效")),
    Finding.HARDER: ("care", gettext_lazy("变难了：看看改动，或培训是否漏讲")),
}


def _asked(request: HttpRequest, exam_id: int) -> tuple[Exam, bool, ExamAnalysis]:
    exam = exams_for(request.user).filter(pk=exam_id).first()
    if exam is None:
        raise Http404
    first_only = request.GET.get("attempts") != "all"
    return exam, first_only, exam_analysis(exam, first_only=first_only)


def _findings(analysis: ExamAnalysis, figures: ItemFigures) -> list[Finding]:
    """Return what is worth a second look about a version, drift included."""
    drifts = analysis.drifts.get(figures.version_id, Drifts())
    changes = [found.change for found in (drifts.from_version, drifts.lately) if found]
    drifted = {Finding.EASIER if change > 0 else Finding.HARDER for change in changes}
    return [*figures.findings, *sorted(drifted)]


def _by_urgency(analysis: ExamAnalysis) -> Callable[[tuple[ItemInfo, ItemFigures]], tuple[int, float, str]]:
    order = list(Finding)

    def key(row: tuple[ItemInfo, ItemFigures]) -> tuple[int, float, str]:
        info, figures = row
        worst = min((order.index(finding) for finding in _findings(analysis, figures)), default=len(order))
        return worst, figures.discrimination if figures.discrimination is not None else 2, info.code

    return key


def _drift_pct(found: Drift | None) -> dict[str, Any] | None:
    """Return a drift in whole percent, as the page says it."""
    if found is None:
        return None
    return {
        "before": round(100 * found.before),
        "after": round(100 * found.after),
        "change": f"{100 * found.change:+.0f}",
        "low": f"{100 * found.low:+.0f}",
        "high": f"{100 * found.high:+.0f}",
        "n_before": found.n_before,
        "n_after": found.n_after,
    }


def _choices(info: ItemInfo, figures: ItemFigures) -> list[dict[str, Any]]:
    return [
        {
            "letter": chr(ord("A") + place),
            "text": text,
            "is_right": right,
            "taken": choice.taken,
            "pct": 100 * choice.taken / figures.n,
            "lower_pct": None if choice.lower_share is None else 100 * choice.lower_share,
            "upper_pct": None if choice.upper_share is None else 100 * choice.upper_share,
        }
        for place, ((_id, text, right), choice) in enumerate(zip(info.options, figures.choices, strict=True))
    ]


@require_safe
@for_those_who(Capability.VIEW_BANK)
def exam_figures(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Show an exam's figures, the questions worth a second look first."""
    exam, first_only, analysis = _asked(request, exam_id)
    most = max(analysis.figures.score_counts)
    context = {
        "page_title": _("考试分析"),
        "header_title": _("考试分析：%(exam)s") % {"exam": exam.title},
        "may_regrade": exams_for(request.user, Capability.MANAGE_EXAMS).filter(pk=exam.pk).exists(),
        "header_icon": "list-ol",
        "breadcrumbs_items": [
            {"url": reverse("exams_office:exams"), "label": pgettext("plural", "考试")},
            {"url": "", "label": exam.title},
        ],
        "exam": exam,
        "first_only": first_only,
        "analysis": analysis,
        "figures": analysis.figures,
        "pass_pct": None if analysis.figures.pass_share is None else 100 * analysis.figures.pass_share,
        "bins": [
            {"label": _range(place), "count": count, "most": most}
            for place, count in enumerate(analysis.figures.score_counts)
        ],
        "enough": Thresholds().enough,
        "rows": [
            {
                "info": info,
                "figures": figures,
                "facility_pct": 100 * figures.facility,
                "low_pct": 100 * figures.facility_low,
                "high_pct": 100 * figures.facility_high,
                "omitted_pct": 100 * figures.omitted_share,
                "exposure_pct": 100 * analysis.exposure(figures),
                "findings": [FINDINGS[finding] for finding in _findings(analysis, figures)],
                "from_version": _drift_pct(analysis.drifts.get(info.version_id, Drifts()).from_version),
                "lately": _drift_pct(analysis.drifts.get(info.version_id, Drifts()).lately),
                "choices": _choices(info, figures),
            }
            for info, figures in sorted(analysis.items, key=_by_urgency(analysis))
        ],
        "to_review": sum(bool(_findings(analysis, figures)) for _info, figures in analysis.items),
    }
    return render(request, "exams/office_analysis.html", context)


def _whole(analysis: ExamAnalysis) -> list[list[Any]]:
    """Return the figures of the exam as a whole, name and value; None where one cannot be computed."""
    figures, found = analysis.figures, analysis.figures.reliability
    rows: list[list[Any]] = [
        [_("答卷份数"), figures.n],
        [_("待评分的答卷"), analysis.unmarked],
        [_("合格的比例"), figures.pass_share],
        [_("平均分"), figures.mean_pct],
        [_("中位数"), figures.median_pct],
        [_("标准差"), figures.sd_pct],
        [
            _("信度（%(name)s）") % {"name": "KR-20" if found and found.is_kr20 else "α"},
            found and found.alpha,
        ],
        [_("信度的 95% 下限"), found and found.low],
        [_("信度的 95% 上限"), found and found.high],
        [_("算信度用的答卷"), found and found.n],
        [_("算信度用的题位"), found and found.places],
        [_("测量标准误（百分）"), found and found.sem_pct],
    ]
    rows += [
        [_("%(range)s 分的人数") % {"range": _range(place)}, count]
        for place, count in enumerate(figures.score_counts)
    ]
    return [[name, round(value, 4) if isinstance(value, float) else value] for name, value in rows]


def _range(place: int) -> str:
    """Return the scores a bar of the distribution stands for, from 0."""
    start = 10 * place
    return f"{start}–{start + 9 if start < 90 else 100}"


@require_safe
@for_those_who(Capability.VIEW_BANK)
def exam_workbook(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Send the same figures as a workbook: one sheet of questions, one of options, one of the whole exam."""
    exam, first_only, analysis = _asked(request, exam_id)
    questions = Sheet(
        title=_("试题"),
        header=[
            _("题号"), _("版本"), _("题型"), _("知识点"), _("题干"), _("人数"), _("难度系数"),
            _("95% 下限"), _("95% 上限"), _("区分度"), _("高低分组差"), _("未作答"), _("抽到的比例"),
            _("与上一版之差"), _("后半与前半之差"), _("提示"),
        ],
        rows=[
            [
                info.code, info.number, info.kind, info.topic, info.stem, figures.n,
                round(figures.facility, 4), round(figures.facility_low, 4), round(figures.facility_high, 4),
                None if figures.discrimination is None else round(figures.discrimination, 4),
                None if figures.upper_lower is None else round(figures.upper_lower, 4),
                round(figures.omitted_share, 4), round(analysis.exposure(figures), 4),
                *(None if found is None else round(found.change, 4)
                  for found in (analysis.drifts.get(info.version_id, Drifts()).from_version,
                                analysis.drifts.get(info.version_id, Drifts()).lately)),
                "；".join(str(FINDINGS[finding][1]) for finding in _findings(analysis, figures)),
            ]
            for info, figures in analysis.items
        ],
    )  # fmt: skip
    options = Sheet(
        title=_("选项"),
        header=[_("题号"), _("版本"), _("选项"), _("内容"), _("正确"), _("选的人数"), _("低分组"), _("高分组")],
        rows=[
            [
                info.code, info.number, choice["letter"], choice["text"], _("是") if choice["is_right"] else "",
                choice["taken"],
                *(None if share is None else round(share / 100, 4)
                  for share in (choice["lower_pct"], choice["upper_pct"])),
            ]
            for info, figures in analysis.items
            for choice in _choices(info, figures)
        ],
    )  # fmt: skip
    whole = Sheet(title=_("整场考试"), header=[_("项目"), _("数值")], rows=_whole(analysis))
    scope = f"{exam.title}，{_('首次作答') if first_only else _('全部作答')}"
    mark = Watermark.of(cast(User, request.user), clock.now(), scope=scope)
    response = HttpResponse(workbook_bytes([questions, options, whole], mark=mark), content_type=CONTENT_TYPE)
    name = f"{_('考试分析')}-{Truncator(exam.title).chars(40)}-{clock.today().isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
