"""Phones of candidates: HTTP on bare sockets in one event loop, so that two thousand of them weigh little."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

CSRF = "c" * 32
TIMEOUT_S = 60.0
# A connection the server may have closed meanwhile is not used again (gunicorn keeps one for two seconds).
REUSE_WITHIN_S = 1.0
OPTION = re.compile(r"""<input\s[^>]*?name="q(\d+)"\s+value="([^"]+)""")
ATTEMPT = re.compile(r"/exam/([0-9a-f-]{36})/$")

Step = tuple[int, int, tuple[str, ...]]  # slot, seq, response


class NoReply(Exception):
    """The request may have arrived or not; nothing came back."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


class Connection:
    """One phone's connection to the server, opened when needed."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def send(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Reply:
        """Send a request and return what comes back. Raises NoReply."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._exchange(method, path, body, kind)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self.close()
            raise NoReply(f"{type(error).__name__}: {error}") from error

    async def _exchange(self, method: str, path: str, body: bytes, kind: str) -> Reply:
        loop = asyncio.get_running_loop()
        if self._streams is not None and loop.time() - self._used_at > REUSE_WITHIN_S:
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
            f"X-CSRFToken: {CSRF}\r\nAccept-Language: zh-CN\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in filter(None, lines[1:]):
            name, _, value = line.partition(":")
            known = headers.get(name.lower())
            headers[name.lower()] = f"{known}\n{value.strip()}" if known else value.strip()
        length = headers.get("content-length")
        if length is None:
            raise ValueError("a reply of unknown length")
        text = await reader.readexactly(int(length))
        self._used_at = loop.time()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(int(lines[0].split()[1]), headers, text)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Sheet:
    """One attempt as its candidate knows it: what was sent, what the server said it has."""

    public_id: str
    options: dict[int, list[str]] = field(default_factory=dict)
    seq: int = 0
    sent: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    acknowledged: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    handed_in: bool = False

    def next_step(self, slot: int, choice: int) -> Step:
        """Answer a slot; single choice, so one token."""
        tokens = self.options[slot]
        self.seq += 1
        response = (tokens[choice % len(tokens)],)
        self.sent[slot, self.seq] = response
        return (slot, self.seq, response)


class Candidate:
    """Somebody signed in, and every attempt of theirs."""

    def __init__(self, port: int, cookie: str, code: str) -> None:
        self.connection = Connection(port, cookie)
        self.code = code
        self.sheets: list[Sheet] = []

    async def start(self) -> Reply:
        """Press the button that starts the exam; on 302 to an attempt there is a sheet for it."""
        reply = await self.connection.send("POST", f"/exam/start/{self.code}/")
        found = ATTEMPT.search(reply.headers.get("location", ""))
        if reply.status == 302 and found and not any(one.public_id == found[1] for one in self.sheets):
            self.sheets.append(Sheet(found[1]))
        return reply

    async def open_paper(self) -> Reply:
        """Load the paper of the latest attempt."""
        sheet = self.sheets[-1]
        reply = await self.connection.send("GET", f"/exam/{sheet.public_id}/")
        if reply.status == 200:
            sheet.options.clear()
            for slot, token in OPTION.findall(reply.body.decode()):
                sheet.options.setdefault(int(slot), []).append(token)
            if not sheet.options:
                raise RuntimeError("no question was found on the page of the paper")
        return reply

    async def save(self, steps: list[Step]) -> Reply:
        """Save answers; what a 200 names is noted as acknowledged."""
        return await self._post("save", steps)

    async def hand_in(self, steps: list[Step]) -> Reply:
        """Hand in, with the last answers."""
        reply = await self._post("submit", steps)
        if reply.status == 200:
            self.sheets[-1].handed_in = True
        return reply

    async def _post(self, name: str, steps: list[Step]) -> Reply:
        sheet = self.sheets[-1]
        body = {"steps": [{"slot": slot, "seq": seq, "response": list(to)} for slot, seq, to in steps]}
        reply = await self.connection.send(
            "POST", f"/exam/{sheet.public_id}/{name}", json.dumps(body).encode()
        )
        if reply.status == 200:
            saved = reply.json().get("saved", ())
            sheet.acknowledged |= {
                (one["slot"], one["seq"]): sheet.sent[one["slot"], one["seq"]] for one in saved
            }
        return reply
