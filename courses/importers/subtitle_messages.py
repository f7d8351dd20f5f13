"""What is wrong with a file of subtitles, in the words of the people who write them."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.subtitles import BadSubtitles, Fault, Lost

EXAMPLE = "00:00:01.000 --> 00:00:04.000"
_FAULTS: dict[str, Promise] = {
    "no_header": gettext_lazy(
        "这不像字幕文件：首行是“%(detail)s”。WebVTT 的首行应为 WEBVTT，SRT 以序号和时间开头。请重新导出字幕。"
    ),
    "bad_time": gettext_lazy("时间写法不对：“%(detail)s”。应如 %(example)s"),
    "end_before_start": gettext_lazy("结束时间须晚于开始时间（%(detail)s）。请改其中一个。"),
    "overlap": gettext_lazy(
        "与上一条重叠，上一条到 %(detail)s 才结束。请把开始时间推后，或让上一条早些结束。"
    ),
    "out_of_order": gettext_lazy("开始时间 %(detail)s 早于上一条，请按时间先后排列。"),
    "past_the_end": gettext_lazy(
        "超出了影片：影片到 %(detail)s 结束。请改时间，并核对字幕是不是这部影片的。"
    ),
    "no_text": gettext_lazy("只有时间，没有文字。请写上文字，或删去这一条。"),
    "too_long": gettext_lazy("一条有 %(detail)s 个字，屏幕上读不完。请拆成几条。"),
    "no_cues": gettext_lazy("没有一条带时间的文字。格式示例：%(example)s，下一行写文字。"),
    "too_many": gettext_lazy("超过 %(detail)s 条，不像一部影片的字幕。请核对文件。"),
    "too_large": gettext_lazy("文件超过 %(detail)s MB，不像字幕文件。请核对文件。"),
    "encoding": gettext_lazy("文字是乱码，认不出编码。请用记事本打开，确认文字正常后另存为 UTF-8 再上传。"),
}
_LOSSES: dict[str, Promise] = {
    "marks": gettext_lazy("去掉了字体、颜色等标记"),
    "settings": gettext_lazy("去掉了位置设置"),
    "style": gettext_lazy("去掉了样式"),
    "note": gettext_lazy("去掉了注释"),
}


def fault_message(fault: Fault) -> str:
    """Say what is wrong, where, and what to do about it."""
    words = str(_FAULTS[fault.code]) % {"detail": fault.detail, "example": EXAMPLE}
    if not fault.line:
        return _("字幕：%(words)s") % {"words": words}
    if not fault.cue:
        return _("字幕第 %(line)d 行：%(words)s") % {"line": fault.line, "words": words}
    return _("字幕第 %(line)d 行（第 %(cue)d 条）：%(words)s") % {
        "line": fault.line,
        "cue": fault.cue,
        "words": words,
    }


def cue_message(fault: Fault) -> str:
    """Say what is wrong with a cue to somebody who has it before them: without its line."""
    return str(_FAULTS[fault.code]) % {"detail": fault.detail, "example": EXAMPLE}


def fault_messages(bad: BadSubtitles) -> list[str]:
    """Return what is wrong with a file, fault by fault."""
    return [fault_message(fault) for fault in bad.faults]


def loss_message(lost: Lost) -> str:
    """Say what of a file was not taken over."""
    return _("第 %(line)d 行：%(what)s（%(detail)s）") % {
        "line": lost.line,
        "what": _LOSSES[lost.code],
        "detail": lost.detail,
    }
