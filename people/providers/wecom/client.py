"""The calls to WeCom: where to send the browser, the app's token, and whose code it is.

Source: the self-built app's web login, https://developer.work.weixin.qq.com/document/path/91022 (inside the app)
and /path/98152 (QR code on a computer). One token serves the whole app, so it is kept on the shared cache.
"""

from typing import Any
from urllib.parse import urlencode

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from django.core.cache import cache
from django.utils.translation import gettext as _

API = "https://qyapi.weixin.qq.com"
IN_APP_PAGE = "https://open.weixin.qq.com/connect/oauth2/authorize"
QR_PAGE = "https://login.work.weixin.qq.com/wwlogin/sso/login"
# The token is renewed before it runs out, so that no request carries one that has just died.
RENEW_BEFORE_S = 300
TOKEN_REFUSED = {40001, 40014, 42001}


class WecomError(OAuth2Error):
    """WeCom refused; `plain` says it to the reader, the code is for the log."""

    def __init__(self, code: Any, message: str = "") -> None:
        super().__init__(f"WeCom {code}: {message}")
        self.code = code
        self.plain = _plain(code)


def _plain(code: Any) -> str:
    if code == 60020:
        return _(
            "企业微信不接受这台服务器的地址（60020）。请管理员在企业微信后台把服务器 IP 加进“企业可信 IP”。"
        )
    if code == 40029:
        return _("这次登录的凭据已经用过或过期，请重新登录。")
    if code == "not a member":
        return _("您不是本企业的企业微信成员。")
    return ""


class WecomClient(OAuth2Client):
    """One sign-in: `consumer_key` is the corporation's id, `consumer_secret` the app's secret."""

    agent_id = ""
    api = API

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, Any]) -> str:
        """Return where the browser goes: silently inside WeCom, to a QR code elsewhere."""
        params = {
            "appid": self.consumer_key,
            "agentid": self.agent_id,
            "redirect_uri": self.callback_url,
            "state": self.state or "",
        }
        agent = self.request.headers.get("User-Agent", "").casefold()
        if "wxwork" in agent or "micromessenger" in agent:
            params |= {"response_type": "code", "scope": "snsapi_base"}
            return f"{IN_APP_PAGE}?{urlencode(params)}#wechat_redirect"
        return f"{QR_PAGE}?{urlencode({'login_type': 'CorpApp', **params})}"

    def get_access_token(
        self, code: str, pkce_code_verifier: Any = None, extra_data: Any = None
    ) -> dict[str, Any]:
        """Return the app's token together with the code whose owner is asked for next."""
        return {"access_token": self.app_token(), "code": code}

    def _token_key(self) -> str:
        return f"people.wecom.token:{self.consumer_key}:{self.agent_id}"

    def app_token(self) -> str:
        """Return the app's access token, from the cache or a new one. Raises WecomError."""
        known = cache.get(self._token_key())
        if known:
            return str(known)
        answer = self._ask("gettoken", corpid=self.consumer_key, corpsecret=self.consumer_secret)
        token = str(answer["access_token"])
        cache.set(self._token_key(), token, max(int(answer.get("expires_in", 7200)) - RENEW_BEFORE_S, 60))
        return token

    def member_of_code(self, code: str) -> str:
        """Return the userid of the member who brought this code. Raises WecomError for anybody else."""
        answer = self._ask_with_token("auth/getuserinfo", code=code)
        userid = answer.get("userid") or answer.get("UserId")
        if not userid:
            raise WecomError("not a member")
        return str(userid)

    def name_of(self, userid: str) -> str:
        """Return a member's name, empty if this app may not read it: the name is only for show."""
        try:
            return str(self._ask_with_token("user/get", userid=userid).get("name") or "")
        except WecomError:
            return ""

    def _ask_with_token(self, path: str, **params: str) -> dict[str, Any]:
        try:
            return self._ask(path, access_token=self.app_token(), **params)
        except WecomError as error:
            if error.code not in TOKEN_REFUSED:
                raise
        # WeCom ended the token early, or another server renewed it: fetch one anew, once.
        cache.delete(self._token_key())
        return self._ask(path, access_token=self.app_token(), **params)

    def _ask(self, path: str, **params: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            reply = session.get(f"{self.api}/cgi-bin/{path}", params=params)
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        if answer.get("errcode"):
            raise WecomError(answer["errcode"], str(answer.get("errmsg", "")))
        return answer
