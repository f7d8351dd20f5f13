import os
import sys
import time
from pathlib import Path

import pytest

from common.quarantine import Quarantined, run, run_lines

HERE = "tests.common.test_quarantine"


# What the children run


def echo(argument):
    return argument


def printing(argument):
    sys.stdout.write("a parser's chatter\n")
    os.write(1, b"and a native library's\n")
    return {"said": argument}


def failing(argument):
    raise ValueError(f"第 3 行：\n{argument}")


def greedy(argument):
    return len(bytearray(argument * 1024 * 1024))


def crashing(argument):
    os.abort()


def leaving(argument):
    raise SystemExit(0)


def lasting(argument):
    time.sleep(argument)


def with_a_tool(argument):
    os.spawnlp(os.P_WAIT, "sh", "sh", "-c", f"echo $$ > {argument}; exec sleep 60")


def environment(argument):
    return dict(os.environ)


def not_json(argument):
    return {1, 2}


def counting(argument):
    for number in range(argument):
        yield {"number": number, "text": "水\n"}


def counting_then_failing(argument):
    yield from counting(argument)
    raise ValueError("damaged")


def counting_then_leaving(argument):
    yield from counting(argument)
    raise SystemExit(0)


def endless_lines(argument):
    while True:
        yield "水" * 1_000_000


def endless_result(argument):
    line = "水" * 100_000
    return [line] * 10_000


def refused(function, argument=None, **limits):
    with pytest.raises(Quarantined) as caught:
        run(f"{HERE}:{function}", argument, **limits)
    return caught.value


@pytest.mark.parametrize(
    "value", [None, 7, "水流不到头", "𠮷\ud800", {"rows": [[None, True, "3.5"]]}, [0.5, {"d": "2026-03-09"}]]
)
def test_result_comes_back_as_it_was(value):
    assert run(f"{HERE}:echo", value) == value


def test_what_a_parser_prints_does_not_spoil_the_result():
    assert run(f"{HERE}:printing", "好") == {"said": "好"}


def test_exception_is_named_on_one_line():
    stopped = refused("failing", "工号是空的")
    assert (stopped.reason, stopped.detail) == ("failed", "ValueError: 第 3 行： 工号是空的")


@pytest.mark.parametrize("locale", ["C", "zh_CN.GB18030"])
def test_locale_of_the_machine_makes_no_difference(monkeypatch, locale):
    monkeypatch.setenv("LC_ALL", locale)
    assert run(f"{HERE}:echo", "甲班") == "甲班"
    assert refused("failing", "甲班").detail.endswith("甲班")


@pytest.mark.parametrize(
    ("function", "argument"),
    [("greedy", 600), ("crashing", None), ("leaving", None), ("endless_result", None)],
)
def test_lack_of_memory_and_crashes_kill_the_child_only(function, argument):
    stopped = refused(function, argument, memory_mb=300)
    assert stopped.reason == "killed"
    assert stopped.detail


def test_memory_below_the_limit_is_granted():
    assert run(f"{HERE}:greedy", 100, memory_mb=300) == 100 * 1024 * 1024


@pytest.mark.parametrize("function", ["no_such_function", "not_json"])
def test_mistake_of_our_own_is_a_failure(function):
    assert refused(function).reason == "failed"


def test_child_past_its_time_is_ended():
    begun = time.monotonic()
    assert refused("lasting", 60, timeout_s=1.5).reason == "timeout"
    assert time.monotonic() - begun < 20


def test_tool_started_by_the_child_ends_with_it(tmp_path):
    noted = tmp_path / "pid"
    for patience_s in (3, 15, 60):  # a child on a busy machine may be ended before it came to its tool
        assert refused("with_a_tool", str(noted), timeout_s=patience_s).reason == "timeout"
        if noted.exists() and noted.read_text():
            break
    pid = int(noted.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and is_running(pid):
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_child_sees_no_secrets(monkeypatch):
    for name in ("SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "STORAGE_URL", "EMAIL_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "canary")
    assert "canary" not in run(f"{HERE}:environment", None).values()


def test_lines_arrive_one_by_one_in_order():
    lines = run_lines(f"{HERE}:counting", 3)
    assert next(lines) == {"number": 0, "text": "水\n"}
    assert [line["number"] for line in lines] == [1, 2]


@pytest.mark.parametrize(("function", "argument"), [("echo", "no generator"), ("counting", 0)])
def test_no_lines(function, argument):
    if function == "counting":
        assert list(run_lines(f"{HERE}:{function}", argument)) == []
    else:
        with pytest.raises(Quarantined):
            list(run_lines(f"{HERE}:{function}", argument))


@pytest.mark.parametrize(
    ("function", "reason"),
    [("counting_then_failing", "failed"), ("counting_then_leaving", "killed"), ("endless_lines", "killed")],
)
def test_lines_of_a_child_that_did_not_finish_are_an_error(function, reason):
    with pytest.raises(Quarantined) as stopped:
        list(run_lines(f"{HERE}:{function}", 2, timeout_s=30))
    assert stopped.value.reason == reason
