"""Calls to a vendor's HTTP interface: bounded in time and size, patient when told to wait, one token for all.

A token, and for WeCom the app's secret, travels in the address, so no address and no exception of the HTTP
library (which quotes it) is ever shown, logged or chained.
"""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import requests
from django.core.cache import cache
from django.utils.translation import gettext as _

from common.signing import FieldKeyMismatch, decrypt_text, encrypt_text, keyed_digest
from people.directories.errors import DirectoryError

TIMEOUT_S = (5.0, 20.0)  # to connect, between two pieces of an answer
MAX_ANSWER_BYTES = 32 * 1024 * 1024
ATTEMPTS = 5
LONGEST_PAUSE_S = 60.0
REFRESH_BEFORE_S = 300  # vendors keep the old token for some minutes after a new one was given
MAX_PAGES = 20_000

Pause = Callable[[float], None]


@dataclass(slots=True)
class TokenKeeper:
    """One access token per tenant and app, in the cache that all processes share, encrypted.

    `fetch` asks the vendor for a token and its life in seconds. The key holds a digest of the secret, so that
    a changed secret is tried and not covered up by a token of the old one.
    """

    name: str
    secret: str
    fetch: Callable[[], tuple[str, int]]

    @property
    def _key(self) -> str:
        digest = keyed_digest("directory-token", f"{self.name}\n{self.secret}")
        return f"directory-token:{digest}"

    def token(self) -> str:
        """Return the token in use, or a new one if there is none or it is about to expire."""
        return self._kept() or self.renew("")

    def renew(self, spoilt: str) -> str:
        """Return a token other than `spoilt`: another process may have renewed it already."""
        kept = self._kept()
        if kept and spoilt and kept != spoilt:
            return kept
        token, life_s = self.fetch()
        cache.set(self._key, encrypt_text(token), timeout=max(life_s - REFRESH_BEFORE_S, life_s // 2, 1))
        return token

    def _kept(self) -> str:
        kept = cache.get(self._key)
        if not kept:
            return ""
        try:
            return decrypt_text(kept)
        except FieldKeyMismatch:
            return ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: where to, with what."""

    method: str
    url: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class VendorApi(ABC):
    """What the clients of the three vendors share. Subclasses say how codes and tokens look."""

    busy: ClassVar[frozenset[str]]  # codes that ask to come back a little later
    stale: ClassVar[frozenset[str]]  # codes of a token that is no longer good
    cures: ClassVar[Mapping[str, Any]]  # code → text for the administrator, lazily translated

    def __init__(self, *, pause: Pause = time.sleep, attempts: int = ATTEMPTS) -> None:
        self._session = requests.Session()
        self._pause = pause
        self._attempts = attempts

    @property
    @abstractmethod
    def product(self) -> str:
        """Return the product's name as administrators know it."""

    @abstractmethod
    def code_of(self, answer: Mapping[str, Any]) -> str:
        """Return the code of an answer; empty for success."""

    @abstractmethod
    def said(self, answer: Mapping[str, Any]) -> str:
        """Return what the vendor says about its code."""

    @abstractmethod
    def with_token(self, request: Request, token: str) -> Request:
        """Return the request with its token where this vendor wants it."""

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def ask(self, request: Request, keeper: TokenKeeper | None) -> dict[str, Any]:
        """Send a request until it is answered, with a renewed token or after a pause where that helps.

        Raises DirectoryError for anything else, and when patience ends.
        """
        token = keeper.token() if keeper else ""
        renewed = False
        failure = DirectoryError("")
        for attempt in range(self._attempts):
            wait_s = float(2**attempt)
            try:
                answer, told_s = self._send(self.with_token(request, token) if keeper else request)
            except DirectoryError as error:
                if error.code not in {"timeout", "unreachable", "http"}:
                    raise
                failure = error
            else:
                code = self.code_of(answer)
                if not code:
                    return answer
                failure = self._refusal(code, self.said(answer))
                if keeper and code in self.stale and not renewed:
                    token, renewed = keeper.renew(token), True
                    continue
                if code not in self.busy:
                    raise failure
                wait_s = told_s or wait_s
            if attempt + 1 < self._attempts:
                self._pause(min(wait_s, LONGEST_PAUSE_S))
        raise failure

    def _refusal(self, code: str, said: str) -> DirectoryError:
        values = {"product": self.product, "code": code, "said": said[:200], "ip": _address_in(said)}
        if code in self.cures:
            cure = str(self.cures[code]) % values
            return DirectoryError(_("%(cure)s（错误码 %(code)s）") % {"cure": cure, "code": code}, code)
        return DirectoryError(_("%(product)s返回错误 %(code)s：%(said)s") % values, code)

    def _send(self, request: Request) -> tuple[dict[str, Any], float]:
        """Return the answer and how many seconds it tells us to wait (0: nothing said)."""
        try:
            with self._session.request(
                request.method,
                request.url,
                params=dict(request.query),
                json=request.body,
                headers=dict(request.headers or {}),
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _bounded(response, self.product)
                status = response.status_code
                told_s = _seconds(response.headers)
        except requests.Timeout:
            raise DirectoryError(
                _("%(product)s没有在规定时间内应答，请检查服务器能否上外网，稍后再试")
                % {"product": self.product},
                "timeout",
            ) from None
        except requests.RequestException:
            raise DirectoryError(
                _("连不上%(product)s，请检查服务器的外网、DNS 和代理设置") % {"product": self.product},
                "unreachable",
            ) from None
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer, told_s
        raise DirectoryError(
            _("%(product)s的应答看不懂（HTTP %(status)s），可能被代理或防火墙改写，请联系网络管理员")
            % {"product": self.product, "status": status},
            "http" if status == 429 or status >= 500 else "malformed",
        )


def _bounded(response: requests.Response, product: str) -> bytes:
    content = bytearray()
    for piece in response.iter_content(65_536):
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise DirectoryError(_("%(product)s的应答太大，已停止读取") % {"product": product}, "malformed")
    return bytes(content)


def _seconds(headers: Mapping[str, str]) -> float:
    """Return how long a vendor asks to wait: Retry-After, or Feishu's x-ogw-ratelimit-reset."""
    for name in ("Retry-After", "x-ogw-ratelimit-reset"):
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return float(value)
    return 0.0


def _address_in(said: str) -> str:
    """Return the IP address a refusal quotes as ours (WeCom and DingTalk do), or a dash."""
    for word in said.replace(",", " ").replace("=", " ").replace("[", " ").replace("]", " ").split():
        parts = word.split(".")
        if len(parts) == 4 and all(piece.isdigit() and piece.isascii() for piece in parts):
            return word
    return "—"
