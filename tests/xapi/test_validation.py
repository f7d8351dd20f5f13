import copy

import pytest

from xapi.validation import BadStatement, agent_key, check_statement

RIGHT = {
    "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0",
    "actor": {
        "objectType": "Group",
        "mbox": "mailto:team@a.example",
        "member": [{"mbox": "mailto:a@a.example"}],
    },
    "verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en-US": "passed"}},
    "object": {
        "id": "https://a.example/1",
        "definition": {
            "name": {"zh-CN": "演练"},
            "type": "http://a.example/t",
            "extensions": {"http://a.example/x": None},
        },
    },
    "result": {
        "score": {"scaled": -1, "raw": 3, "min": 0, "max": 5},
        "success": True,
        "duration": "PT1H2.5S",
    },
    "context": {
        "registration": "fd41c918-b88b-4b20-a0a5-a4c32391aaa1",
        "instructor": {"mbox_sha1sum": "a" * 40},
        "contextActivities": {
            "parent": {"id": "https://a.example/0"},
            "other": [{"id": "https://a.example/2"}],
        },
        "platform": "sim",
        "language": "zh-CN",
        "statement": {"objectType": "StatementRef", "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa2"},
    },
    "timestamp": "2026-11-02T08:00:00.123+08:00",
    "version": "1.0.3",
}


def changed(path, value):
    statement = copy.deepcopy(RIGHT)
    *way, last = path.split(".")
    at = statement
    for name in way:
        at = at[name]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return statement


@pytest.mark.parametrize(
    "statement",
    [
        RIGHT,
        changed("object", {"objectType": "Agent", "openid": "https://id.example/a"}) | {"context": {}},
        changed("object", {"objectType": "SubStatement", "actor": {"mbox": "mailto:a@a.example"},
                           "verb": {"id": "http://a.example/v"}, "object": {"id": "http://a.example/o"}})
        | {"context": {}},
        changed("result.duration", "P4W"),
    ],
    ids=["whole", "agent", "substatement", "weeks"],
)  # fmt: skip
def test_right(statement):
    assert check_statement(statement)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("actor", ..., "actor"),
        ("verb.id", "passed", "verb.id"),
        ("verb.display", {"zh-CN": 1}, "verb.display"),
        ("object.id", ..., "object.id"),
        ("id", "1", "id"),
        ("version", "0.95", "version"),
        ("extra", 1, "extra"),
        ("actor.openid", "http://a.example", "actor"),
        ("actor.mbox", "a@a.example", "actor.mbox"),
        ("actor.member", [{"objectType": "Group", "mbox": "mailto:a@a.example"}], "actor.member"),
        ("actor.objectType", "Person", "actor.objectType"),
        ("actor.name", None, "null"),
        ("result.score.scaled", 1.5, "result.score"),
        ("result.score.raw", 6, "result.score"),
        ("result.score.raw", True, "result.score"),
        ("result.success", "true", "result.success"),
        ("result.duration", "1 hour", "result.duration"),
        ("result.duration", "PT", "result.duration"),
        ("result.response", "a\x00b", "character"),
        ("context.registration", "x", "context.registration"),
        ("context.language", "中文", "context.language"),
        ("context.contextActivities", {"child": []}, "contextActivities"),
        ("context.team", {"mbox": "mailto:a@a.example"}, "context.team"),
        ("timestamp", "yesterday", "timestamp"),
        ("timestamp", "2026-11-02T08:00:00-00:00", "timestamp"),
        ("object", {"objectType": "StatementRef", "id": "x"}, "object.id"),
        ("object", {"objectType": "Course", "id": "x"}, "object.objectType"),
        ("verb", {"id": "http://adlnet.gov/expapi/verbs/voided"}, "voided"),
        ("object.definition.extensions", {"x": 1}, "extensions"),
        ("attachments", [{"sha2": "x"}], "attachments"),
    ],
)  # fmt: skip
def test_wrong(path, value, place):
    with pytest.raises(BadStatement, match=place.replace(".", r"\.")):
        check_statement(changed(path, value))


def test_nested_without_end():
    deep = {"a": 1}
    for _n in range(40):
        deep = {"a": deep}
    with pytest.raises(BadStatement, match="deep"):
        check_statement(changed("object.definition.extensions", {"http://a.example/x": deep}))


@pytest.mark.parametrize("value", [None, 1, "x", [], {}])
def test_no_statement_at_all(value):
    with pytest.raises(BadStatement):
        check_statement(value)


def test_key_of_an_agent():
    assert agent_key({"mbox": "mailto:a@a.example"}) == "mbox:mailto:a@a.example"
    assert agent_key({"account": {"homePage": "http://h", "name": "1"}}) == "account:http://h|1"
    assert agent_key({"objectType": "Group", "member": []}) == ""
