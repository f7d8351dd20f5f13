"""The bench's own tools: they must count what happened and fail when it was not what they count."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.load.bench import PARTS, chosen_parts, printer
from tests.load.peak import measured
from tests.load.server import Request, requests_per_second


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers["Cookie"])
        self.send_response(200 if body == b"good" else 409)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def port():
    Answering.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def client(name, body):
    return lambda number: Request("POST", "/", body, {"Cookie": name})


def test_rate_counts_the_answers_of_all_clients(port):
    rate = requests_per_second(port, [client("a", b"good"), client("b", b"good")], seconds=0.3)
    assert set(Answering.seen) == {"a", "b"}
    assert 0 < rate < len(Answering.seen) / 0.3 + 1


def test_refused_request_is_no_figure(port):
    with pytest.raises(RuntimeError, match="/ answered 409"):
        requests_per_second(port, [client("a", b"good"), client("b", b"bad")], seconds=5)


def test_memory_of_a_command_includes_what_it_starts():
    inner = "data = bytearray(120 * 1024 * 1024); import time; time.sleep(0.4)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True); print('done')"
    run = measured([sys.executable, "-c", outer])
    assert run.output == "done\n"
    assert run.peak_mb > 120
    assert run.seconds > 0.4


def test_failing_command_is_an_error():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        measured([sys.executable, "-c", "1 / 0"])


def test_command_past_its_time_is_ended():
    with pytest.raises(RuntimeError, match="took longer than"):
        measured([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=0.5)


def test_bench_measures_the_parts_named_once_and_everything_without_a_name():
    assert chosen_parts([]) == []
    assert chosen_parts(["rules", "ledger", "rules"]) == ["rules", "ledger"]


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["ledgers"], 2)])
def test_bench_asked_for_help_or_an_unknown_part_measures_nothing_and_names_them(capsys, arguments, code):
    with pytest.raises(SystemExit) as ended:
        chosen_parts(arguments)
    said = capsys.readouterr()
    assert ended.value.code == code
    assert all(part in said.out + said.err for part in PARTS)


@pytest.mark.django_db
def test_figure_is_one_line_of_json(capsys):
    report = printer()
    report("coverage_page", 0.5, "s", yardstick=0.25)
    report("certificate_pdf", 200.1234, "ms")
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["figure"], first["value"], first["yardstick"], first["ratio"]) == (
        "coverage_page",
        0.5,
        0.25,
        2.0,
    )
    assert (second["value"], second["unit"]) == (200.123, "ms")
    assert set(second) == {"figure", "value", "unit", "commit", "python", "database"}
