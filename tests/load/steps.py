"""What each step of a candidate's exam costs: processor milliseconds and statements, asked of WSGI in one process.

No web server, no sockets and one request at a time, so the figures are those of the site's own code (and of SQLite,
which runs within it); what waits for the disk is not in them. `python -m tests.load.flow --steps` prints them.
"""

import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean
from typing import Any

from django.db import connection

from config.wsgi import application
from tests.load import hall
from tests.load.phones import ATTEMPT, CSRF, OPTION

WARM_UP = 20  # people who go first and are not counted: they load code, templates and caches
SAVES = 4
EXPECTED = {"start": 302}


class Desk:
    """One process that answers, and what each step took."""

    def __init__(self) -> None:
        self.application = application
        self.took: dict[str, list[float]] = defaultdict(list)
        self.statements: dict[str, list[int]] = defaultdict(list)
        self.sizes: dict[str, int] = {}
        self._sql: list[str] = []

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count every statement but BEGIN, COMMIT and savepoints, as the tests count them."""

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not sql.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
                self._sql.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            yield

    def ask(
        self, step: str, method: str, path: str, cookie: str, body: bytes = b""
    ) -> tuple[dict[str, str], bytes]:
        """Send one request and note what it took. Raises RuntimeError for another status than expected."""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_COOKIE": cookie,
            "HTTP_X_CSRFTOKEN": CSRF,
            "HTTP_ACCEPT_LANGUAGE": "zh-CN",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
        }
        came: dict[str, Any] = {}

        def begin(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
            came.update(status=int(status.split()[0]), headers={name.lower(): text for name, text in headers})

        self._sql.clear()
        began = time.process_time()
        reply = self.application(environ, begin)
        text = b"".join(reply)
        if hasattr(reply, "close"):
            reply.close()
        self.took[step].append(time.process_time() - began)
        self.statements[step].append(len(self._sql))
        self.sizes[step] = len(text)
        if came["status"] != EXPECTED.get(step, 200):
            raise RuntimeError(f"{step} answered {came['status']}: {text[:500]!r}")
        return came["headers"], text

    def go_through(self, cookie: str, code: str) -> None:
        """Let one person sit the whole exam."""
        self.ask("home", "GET", "/me/", cookie)
        self.ask("rules", "GET", f"/exam/start/{code}/", cookie)
        headers, _text = self.ask("start", "POST", f"/exam/start/{code}/", cookie)
        (public_id,) = ATTEMPT.findall(headers["location"])
        _headers, page = self.ask("paper", "GET", f"/exam/{public_id}/", cookie)
        tokens = {int(slot): token for slot, token in OPTION.findall(page.decode())}
        for slot in range(1, SAVES + 1):
            step = {"slot": slot, "seq": slot, "response": [tokens[slot]]}
            self.ask(
                "save", "POST", f"/exam/{public_id}/save", cookie, json.dumps({"steps": [step]}).encode()
            )
        self.ask("hand_in", "POST", f"/exam/{public_id}/submit", cookie, b'{"steps": []}')
        self.ask("result", "GET", f"/exam/{public_id}/result", cookie)


def measure(people: int) -> dict[str, Any]:
    """Let so many people sit a new exam one after the other; return processor ms and statements of each step.

    `flow_ms` is what the requests of `tests.load.flow` come to without the sign-in: eight saves, the home page twice.
    """
    exam = hall.make_hall()
    cookies = hall.sign_in_many(people + WARM_UP)
    desk = Desk()
    with desk.counting():
        for number, cookie in enumerate(cookies):
            if number == WARM_UP:
                desk.took.clear()
                desk.statements.clear()
            desk.go_through(cookie, exam.code)
    steps = {
        step: {
            "cpu_ms": round(mean(took) * 1000, 2),
            "statements": max(desk.statements[step]),
            "bytes": desk.sizes[step],
        }
        for step, took in desk.took.items()
    }
    flow = sum(figures["cpu_ms"] * {"home": 2, "save": 8}.get(step, 1) for step, figures in steps.items())
    return {"people": people, "steps": steps, "flow_ms": round(flow, 1)}
