"""Whether a statement is one: the rules of xAPI 1.0.3, part two, as far as a store must hold to them.

Pure. What is not understood is refused with its place, never taken in and lost.
"""

import datetime as dt
import math
import re
import uuid
from collections.abc import Mapping
from typing import Any

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
MAX_DEPTH = 20
MAX_IRI = 400
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_DURATION = re.compile(
    r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)"
)
_MBOX = re.compile(r"mailto:[^\s@]+@[^\s@]+")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_STATEMENT = {"id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version",
              "attachments"}  # fmt: skip
_SUBSTATEMENT = {"objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"}
_CONTEXT = {"registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement",
            "extensions"}  # fmt: skip
_RESULT = {"score", "success", "completion", "response", "duration", "extensions"}
_DEFINITION = {"name", "description", "type", "moreInfo", "interactionType", "correctResponsesPattern", "choices",
               "scale", "source", "target", "steps", "extensions"}  # fmt: skip


class BadStatement(Exception):
    """A statement that is none. The text names the place and what is asked there, in English as clients read it."""


def check_statement(value: Any) -> dict[str, Any]:
    """Return the statement if it holds to the rules. Raises BadStatement."""
    statement = _object(value, "statement", _STATEMENT)
    _no_null(statement, "statement", 0)
    if "id" in statement:
        _uuid(statement["id"], "id")
    if not str(statement.get("version", "1.0.0")).startswith("1.0"):
        raise BadStatement("version: must be 1.0.x")
    _body(statement, "statement", is_inner=False)
    if "authority" in statement:
        _actor(statement["authority"], "authority")
    for name in ("timestamp", "stored"):
        if name in statement:
            read_time(statement[name], name)
    return statement


def agent_key(actor: Mapping[str, Any]) -> str:
    """Return the one text an agent is found by; a group without an identifier has none of its own."""
    for name in _IDENTIFIERS[:3]:
        if name in actor:
            return f"{name}:{actor[name]}"
    if "account" in actor:
        return f"account:{actor['account']['homePage']}|{actor['account']['name']}"
    return ""


def check_agent(value: Any) -> Mapping[str, Any]:
    """Return an agent or group with an identifier, as a filter names one. Raises BadStatement."""
    _no_null(value, "agent", 0)
    _actor(value, "agent")
    if not agent_key(value):
        raise BadStatement("agent: an identifier is needed")
    found: Mapping[str, Any] = value
    return found


def read_time(value: Any, place: str) -> dt.datetime:
    """Return a moment written as ISO 8601; without a zone it is UTC. Raises BadStatement."""
    if not isinstance(value, str) or value.endswith("-00:00") or len(value) > 40:
        raise BadStatement(f"{place}: an ISO 8601 moment is needed")
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError as error:
        raise BadStatement(f"{place}: an ISO 8601 moment is needed") from error
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except OverflowError as error:
        raise BadStatement(f"{place}: out of range") from error


def _body(statement: Mapping[str, Any], place: str, *, is_inner: bool) -> None:
    for name in ("actor", "verb", "object"):
        if name not in statement:
            raise BadStatement(f"{place}.{name}: missing")
    _actor(statement["actor"], "actor")
    verb = _object(statement["verb"], "verb", {"id", "display"})
    _iri(verb.get("id"), "verb.id")
    if "display" in verb:
        _language_map(verb["display"], "verb.display")
    kind = _target(statement["object"], is_inner=is_inner)
    if verb["id"] == VOIDED and (is_inner or kind != "StatementRef"):
        raise BadStatement("object: voided needs a StatementRef")
    if "result" in statement:
        _result(statement["result"])
    if "context" in statement:
        _context(statement["context"], is_about_activity=kind == "Activity")
    for number, attachment in enumerate(_list(statement.get("attachments", []), "attachments")):
        if not isinstance(attachment, dict) or "fileUrl" not in attachment:
            raise BadStatement(f"attachments[{number}]: only attachments with a fileUrl are taken")
        _iri(attachment["fileUrl"], f"attachments[{number}].fileUrl")
        _iri(attachment.get("usageType"), f"attachments[{number}].usageType")


def _target(value: Any, *, is_inner: bool) -> str:
    if not isinstance(value, dict):
        raise BadStatement("object: an object is needed")
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        _activity(value, "object")
    elif kind in ("Agent", "Group"):
        _actor(value, "object")
    elif kind == "StatementRef":
        _uuid(_object(value, "object", {"objectType", "id"}).get("id"), "object.id")
    elif kind == "SubStatement" and not is_inner:
        inner = _object(value, "object", _SUBSTATEMENT)
        _body(inner, "object", is_inner=True)
        if "timestamp" in inner:
            read_time(inner["timestamp"], "object.timestamp")
    else:
        raise BadStatement(f"object.objectType: {str(kind)[:40]}")
    return str(kind)


def _activity(value: Any, place: str) -> None:
    activity = _object(value, place, {"objectType", "id", "definition"})
    if activity.get("objectType", "Activity") != "Activity":
        raise BadStatement(f"{place}.objectType: Activity")
    _iri(activity.get("id"), f"{place}.id")
    if "definition" not in activity:
        return
    definition = _object(activity["definition"], f"{place}.definition", _DEFINITION)
    for name in ("name", "description"):
        if name in definition:
            _language_map(definition[name], f"{place}.definition.{name}")
    for name in ("type", "moreInfo"):
        if name in definition:
            _iri(definition[name], f"{place}.definition.{name}")
    _extensions(definition, f"{place}.definition")


def _actor(value: Any, place: str) -> None:
    actor = _object(value, place, {"objectType", "name", "member", *_IDENTIFIERS})
    kind = actor.get("objectType", "Agent")
    if kind not in ("Agent", "Group"):
        raise BadStatement(f"{place}.objectType: Agent or Group")
    if not isinstance(actor.get("name", ""), str):
        raise BadStatement(f"{place}.name: a text is needed")
    given = [name for name in _IDENTIFIERS if name in actor]
    if len(given) > 1 or (kind == "Agent" and not given):
        raise BadStatement(f"{place}: exactly one of {', '.join(_IDENTIFIERS)}")
    if "member" in actor and kind != "Group":
        raise BadStatement(f"{place}.member: only groups have members")
    if kind == "Group":
        members = _list(actor.get("member", []), f"{place}.member")
        if not given and not members:
            raise BadStatement(f"{place}.member: missing")
        for member in members:
            if not isinstance(member, dict) or member.get("objectType", "Agent") != "Agent":
                raise BadStatement(f"{place}.member: agents only")
            _actor(member, f"{place}.member")
    for name in given:
        _identifier(name, actor[name], place)


def _identifier(name: str, value: Any, place: str) -> None:
    if name == "account":
        account = _object(value, f"{place}.account", {"homePage", "name"})
        _iri(account.get("homePage"), f"{place}.account.homePage")
        if not isinstance(account.get("name"), str) or not 0 < len(account["name"]) <= 200:
            raise BadStatement(f"{place}.account.name: a text is needed")
        if len(account["homePage"]) > 180:
            raise BadStatement(f"{place}.account.homePage: too long")
        return
    right = {"mbox": _MBOX, "mbox_sha1sum": _SHA1, "openid": _IRI}[name]
    if not isinstance(value, str) or len(value) > 380 or not right.fullmatch(value):
        raise BadStatement(f"{place}.{name}: not well formed")


def _result(value: Any) -> None:
    result = _object(value, "result", _RESULT)
    for name, kind in (("success", bool), ("completion", bool), ("response", str)):
        if name in result and not isinstance(result[name], kind):
            raise BadStatement(f"result.{name}: {kind.__name__}")
    if "duration" in result:
        said = result["duration"]
        if not isinstance(said, str) or len(said) > 60 or not _DURATION.fullmatch(said):
            raise BadStatement("result.duration: an ISO 8601 duration is needed")
    if "score" in result:
        _score(result["score"])
    _extensions(result, "result")


def _score(value: Any) -> None:
    score = _object(value, "result.score", {"scaled", "raw", "min", "max"})
    for name, number in score.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise BadStatement(f"result.score.{name}: a number is needed")
    low, high = score.get("min", -math.inf), score.get("max", math.inf)
    if not -1 <= score.get("scaled", 0) <= 1 or low > high or not low <= score.get("raw", low) <= high:
        raise BadStatement("result.score: out of range")


def _context(value: Any, *, is_about_activity: bool) -> None:
    context = _object(value, "context", _CONTEXT)
    if "registration" in context:
        _uuid(context["registration"], "context.registration")
    for name in ("instructor", "team"):
        if name in context:
            _actor(context[name], f"context.{name}")
    if "team" in context and context["team"].get("objectType") != "Group":
        raise BadStatement("context.team: a group is needed")
    _context_texts(context, is_about_activity=is_about_activity)
    _extensions(context, "context")
    groups = {"parent", "grouping", "category", "other"}
    for name, found in _object(context.get("contextActivities", {}), "contextActivities", groups).items():
        for activity in found if isinstance(found, list) else [found]:
            _activity(activity, f"contextActivities.{name}")


def _context_texts(context: dict[str, Any], *, is_about_activity: bool) -> None:
    for name in ("revision", "platform"):
        if name in context and (not is_about_activity or not isinstance(context[name], str)):
            raise BadStatement(f"context.{name}: only where the object is an activity")
    language = context.get("language", "zh")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise BadStatement("context.language: RFC 5646")
    if "statement" in context:
        reference = _object(context["statement"], "context.statement", {"objectType", "id"})
        _uuid(reference.get("id"), "context.statement.id")


def _object(value: Any, place: str, allowed: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadStatement(f"{place}: an object is needed")
    if unknown := sorted(set(value) - allowed):
        raise BadStatement(f"{place}.{unknown[0][:40]}: unknown property")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadStatement(f"{place}: a list is needed")
    return value


def _uuid(value: Any, place: str) -> None:
    try:
        if not isinstance(value, str) or len(value) != 36:
            raise ValueError(place)
        uuid.UUID(value)
    except ValueError as error:
        raise BadStatement(f"{place}: a UUID is needed") from error


def _iri(value: Any, place: str) -> None:
    if not isinstance(value, str) or len(value) > MAX_IRI or not _IRI.fullmatch(value):
        raise BadStatement(f"{place}: an absolute IRI is needed")


def _language_map(value: Any, place: str) -> None:
    if not isinstance(value, dict):
        raise BadStatement(f"{place}: a language map is needed")
    for language, text in value.items():
        if not _LANGUAGE.fullmatch(language) or not isinstance(text, str):
            raise BadStatement(f"{place}: a language map is needed")


def _extensions(holder: Mapping[str, Any], place: str) -> None:
    extensions = holder.get("extensions", {})
    if not isinstance(extensions, dict):
        raise BadStatement(f"{place}.extensions: an object is needed")
    for name in extensions:
        _iri(name, f"{place}.extensions")


def _no_null(value: Any, place: str, depth: int, *, is_free: bool = False) -> None:
    """Refuse null outside extensions, what PostgreSQL cannot keep, and nesting without end."""
    if depth > MAX_DEPTH:
        raise BadStatement(f"{place[:100]}: nested too deep")
    if value is None and not is_free:
        raise BadStatement(f"{place[:100]}: null")
    if isinstance(value, str) and ("\x00" in value or any("\ud800" <= char <= "\udfff" for char in value)):
        raise BadStatement(f"{place[:100]}: a character that is none")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadStatement(f"{place[:100]}: not a number")
    if isinstance(value, dict):
        for name, one in value.items():
            _no_null(name, place, depth + 1)
            _no_null(one, f"{place}.{name}", depth + 1, is_free=is_free or name == "extensions")
    elif isinstance(value, list):
        for one in value:
            _no_null(one, place, depth + 1, is_free=is_free)
