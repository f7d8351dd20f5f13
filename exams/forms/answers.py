"""What candidates send, checked for its shape; whether it fits the paper is for the actions to say."""

import json
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from exams.actions.attempts import MAX_STEPS, Step
from exams.errors import BadAnswer

MAX_BODY_BYTES = 200_000


def parse_steps(body: bytes) -> list[Step]:
    """Read `{"steps": [{"slot", "seq", "response"}]}`; raise BadAnswer naming the field that is wrong.

    No steps at all is fine: the page asks for the server's time that way.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadAnswer("body", _("一次发送的内容太多，请刷新页面后再试。"))
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadAnswer("body", _("发送的内容无法读取，请刷新页面后再试。")) from error
    steps = sent.get("steps", []) if isinstance(sent, dict) else None
    if not isinstance(steps, list):
        raise BadAnswer("steps", _("发送的内容里没有作答列表，请刷新页面后再试。"))
    if len(steps) > MAX_STEPS:
        raise BadAnswer("steps", _("一次最多保存 %(n)s 条作答。") % {"n": MAX_STEPS})
    return [_step(step, f"steps[{place}]") for place, step in enumerate(steps)]


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
    """Read the answers of a plain form post (no JavaScript): slot → chosen tokens, for every slot."""
    return {slot: data.getlist(f"q{slot}") for slot in range(1, slots + 1)}
