"""案例分析题: an accident or a situation to be analysed, marked by a person."""

from exams.types.base import gettext_noop
from exams.types.written import Written


class CaseAnalysis(Written):
    """A page of analysis."""

    kind = "case_analysis"
    label = gettext_noop("案例分析题")
    rank = 90
    answering_s = 720
    max_text = 2000
    rows = 10


TYPE = CaseAnalysis()
