"""The words of the exam page's script."""

from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _


def attempt_texts() -> dict[str, str]:
    """Return what the page's script says, in the reader's language."""
    return _texts_in(get_language())


@lru_cache(maxsize=8)
def _texts_in(language: str | None) -> dict[str, str]:
    return {
        "saved": _("已保存 {time}"),
        "saving": _("正在保存…"),
        "unsaved": _("未保存 {n} 题"),
        "offline": _("离线，未保存 {n} 题"),
        "offlineClean": _("离线，可以继续答"),
        "ready": _("可以作答"),
        "timeUp": _("时间到，已停止作答"),
        "lost": _("时间到。有 {n} 题的作答没有在截止前送到服务器，不计入。"),
        "closing": _("时间到，正在交卷…"),
        "signedOut": _("登录已过期，作答留在本机。请重新登录，回到本页会自动补存。"),
        "broken": _("服务器没有收下这次作答。请刷新页面后再答，已保存的不受影响。"),
        "place": _("第 {n} / {total} 题"),
        "slot": _("第 {n} 题"),
        "answered": _("已答"),
        "unanswered": _("未答"),
        "marked": _("已标记"),
        "allAnswered": _("全部 {total} 题都已作答。"),
        "someUnanswered": _("还有 {n} 题没有作答："),
        "sending": _("正在交卷…"),
        "submitOffline": _("没有连上服务器，暂时交不了卷。作答留在本机，连上后再点一次“确认交卷”。"),
        "fiveMinutes": _("还剩 5 分钟"),
        "oneMinute": _("还剩 1 分钟"),
        "extended": _("监考人员把时间延长了 {n} 分钟。"),
        "paused": _("考试已暂停"),
        "left": _("这题已经离开，不能再改。"),
        "nextOffline": _("没有连上服务器，还到不了下一题。作答留在本机，连上后再点“下一题”。"),
        "emptyNext": _("这题还没有作答，离开后不能回来。确定的话再点一次“下一题”。"),
        "unseen": _("后面还有 {n} 题没有看，交卷后不能再答。"),
        "thisUnanswered": _("这题还没有作答。"),
    }
