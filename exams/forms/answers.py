"""What candidates send, checked for its shape; whether it fits the paper is for the actions to say."""

import json
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from exams.actions.attempts import MAX_STEPS
from exams.errors import BadAnswer
from exams.shapes import Step

MAX_BODY_BYTES = 700_000  # 50 answers in a batch, the longest of 2,000 characters


def parse_steps(body: bytes) -> list[Step]:
    """Read `{"steps": [{"slot", "seq", "response"}]}`; raise BadAnswer naming the field that is wrong.

    No steps at all is fine: the page asks for the server's time that way.
    """
    sent = _parsed(body)
    steps = sent.get("steps", []) if isinstance(sent, dict) else None
    if not isinstance(steps, list):
        raise BadAnswer("steps", _("发送的内容里没有作答列表，请刷新页面后再试。"))
    if len(steps) > MAX_STEPS:
        raise BadAnswer("steps", _("一次最多保存 %(n)s 条作答。") % {"n": MAX_STEPS})
    return [_step(step, f"steps[{place}]") for place, step in enumerate(steps)]


def parse_slot(body: bytes) -> int:
    """Read `{"slot": n}`, the question that is left; raise BadAnswer."""
    sent = _parsed(body)
    slot = sent.get("slot") if isinstance(sent, dict) else None
    if not isinstance(slot, int) or isinstance(slot, bool):
        raise BadAnswer("slot", _("作答的题号或编号不是整数，请刷新页面后再试。"))
    return slot


def _parsed(body: bytes) -> Any:
    if len(body) > MAX_BODY_BYTES:
        raise BadAnswer("body", _("一次发送的内容太多，请刷新页面后再试。"))
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadAnswer("body", _("发送的内容无法读取，请刷新页面后再试。")) from error


def form_slot(data: QueryDict) -> int:
    """Return which question a plain form of a one-way paper shows; 0 if it says none."""
    text = data.get("slot", "")
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _step(sent: Any, field: str) -> Step:
    if not isinstance(sent, dict):
        raise BadAnswer(field, _("作答的格式不对，请刷新页面后再试。"))
    for name in ("slot", "seq"):
        # bool is an int to Python; to the paper it is nonsense.
        if not isinstance(sent.get(name), int) or isinstance(sent[name], bool):
            raise BadAnswer(f"{field}.{name}", _("作答的题号或编号不是整数，请刷新页面后再试。"))
    response = sent.get("response")
    if not isinstance(response, list) or not all(isinstance(token, str) for token in response):
        raise BadAnswer(f"{field}.response", _("作答不是选项列表，请刷新页面后再试。"))
    return Step(slot=sent["slot"], seq=sent["seq"], response=response)


def form_responses(data: QueryDict, slots: int) -> dict[int, list[str]]:
    """Read the answers of a plain form post (no JavaScript): slot → texts in the form's order, for every slot.

    Only empty fields are no answer. A browser sends line breaks as CR LF; kept are line feeds, as the page's
    script has them.
    """
    return {slot: form_response(data, slot) for slot in range(1, slots + 1)}


def form_response(data: QueryDict, slot: int) -> list[str]:
    """Read the answer to one slot of a plain form post, as `form_responses` does."""
    given = [text.replace("\r\n", "\n") for text in data.getlist(f"q{slot}")]
    return given if any(text.strip() for text in given) else []
