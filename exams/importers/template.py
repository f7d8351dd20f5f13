"""The workbook trainers fill in: an empty table, a line of each type as an example, and what to write where."""

from django.utils.translation import gettext as _

from common.spreadsheet import Sheet, workbook_bytes
from exams.importers.excel import EXAMPLES
from exams.importers.excel_writer import header

_OPTIONS = 6
# Type, stem, options, answer, explanation, topic, difficulty. Not translated: the columns are read in Chinese.
_ROWS: list[tuple[str, str, list[str], str, str, str, int]] = [
    ("单选题", "进入受限空间前，先做哪一件事？", ["通风并检测气体", "直接进入", "先派一人下去看"], "A", "先通风，再检测，后作业。", "受限空间", 2),
    ("多选题", "动火前要做哪些事？", ["办理动火作业票", "清除周围可燃物", "把灭火器搬远"], "AB", "", "动火作业", 3),
    ("判断题", "发现有人在罐内倒下，应当立即下去救人。", [], "错", "盲目施救会扩大伤亡。", "受限空间", 1),
    ("填空题", "坠落高度基准面 ___ 及以上就算高处作业，作业时要系好 ___。", [], "2±0[m]；安全带/安全绳", "", "高处作业", 3),
    ("排序题", "停电检修的步骤是什么？", ["停电", "验电", "装设接地线", "挂牌上锁"], "ABCD", "", "电气安全", 4),
    ("连线题", "安全色各表示什么？", ["红色 → 禁止", "黄色 → 注意", "→ 提示"], "", "", "安全标志", 2),
    ("简答题", "动火作业前要检查什么？", ["清理可燃物（60%）", "监护人到场（40%）"], "检查可燃物、灭火器材和监护人。", "", "动火作业", 4),
]  # fmt: skip


def template_bytes() -> bytes:
    """Return the .xlsx template. Importing it as it is finds no questions: the sheet of examples is not read."""
    rows = [
        [kind, stem, *options, *[None] * (_OPTIONS - len(options)), answer, why, topic, hard]
        for kind, stem, options, answer, why, topic, hard in _ROWS
    ]
    widths = [10, 50, *[18] * _OPTIONS, 20, 30, 14, 8, 12, 20, 8, 14, 20]
    told = [
        (_("题型"), _("单选题、多选题、判断题、填空题、排序题、连线题、简答题、案例分析题")),
        (_("答案"), _("选项字母，如 B、ABD；判断题写“对”或“错”；排序题按正确顺序写字母")),
        (
            _("填空题"),
            _("题干用 ___ 表示空。几个空用“；”隔开，几种写法用“/”隔开，数字写成 2±0.1，单位写成 [m]"),
        ),
        (_("连线题"), _("每个选项写成“左 → 右”；左边空着的是干扰项")),
        (_("简答题"), _("选项里写评分标准，如“监护人到场（40%）”，合计 100%；答案写参考答案")),
        (_("难度"), _("1 到 5，或易、较易、中、较难、难")),
        (_("题号"), _("可以不填；填了，再导入时按题号更新，不填按题干识别")),
    ]
    return workbook_bytes(
        [
            Sheet("试题", header(_OPTIONS), [], widths),
            Sheet(EXAMPLES, header(_OPTIONS), rows, widths),
            Sheet(_("说明"), [_("列"), _("怎样填")], told, [14, 90]),
        ],
        mark=None,
    )
