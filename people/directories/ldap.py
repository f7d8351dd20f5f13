"""LDAP servers and Active Directory: entries below a base DN, read page by page over a checked connection."""

import ssl
import uuid
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.directories.errors import DirectoryError
from people.directories.http import MAX_PAGES
from people.directories.shapes import DirectoryMember, DirectoryUnit, LdapSettings, MemberState

with warnings.catch_warnings():
    # ldap3 2.9 imports two tables of pyasn1 by the names they had before 0.6; nothing else is silenced.
    warnings.filterwarnings("ignore", r"(tagMap|typeMap) is deprecated", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPException
    from ldap3.utils.dn import parse_dn

PAGE_SIZE = 500
CONNECT_TIMEOUT_S, RECEIVE_TIMEOUT_S = 5, 30
AD_DISABLED = 0x2  # userAccountControl, ADS_UF_ACCOUNTDISABLE
UNIT_FILTER = "(objectClass=organizationalUnit)"
IDENTITIES = ("objectGUID", "entryUUID")
# What Active Directory says behind result 49, as `data 52e`.
_AD_REASONS = {
    "52e": gettext_lazy("账号或密码不对"),
    "525": gettext_lazy("没有这个账号"),
    "530": gettext_lazy("这个时间不允许登录"),
    "532": gettext_lazy("密码已过期"),
    "533": gettext_lazy("账号已停用"),
    "701": gettext_lazy("账号已过期"),
    "773": gettext_lazy("账号须先改密码"),
    "775": gettext_lazy("账号已锁定"),
}
_CURES = {
    "noSuchObject": gettext_lazy("目录里没有 Base DN“%(base)s”，请核对"),
    "invalidDNSyntax": gettext_lazy("Base DN“%(base)s”写法不对，例如 OU=工厂,DC=example,DC=com"),
    "insufficientAccessRights": gettext_lazy("读取账号没有权限读“%(base)s”，请让目录管理员授予读取权限"),
    "sizeLimitExceeded": gettext_lazy("目录服务器限制了一次查询的条数，请让目录管理员允许分页查询"),
    "adminLimitExceeded": gettext_lazy("目录服务器限制了一次查询的条数，请让目录管理员允许分页查询"),
    "operationsError": gettext_lazy("目录服务器不允许匿名读取，请填写读取账号和密码"),
    "referral": gettext_lazy("Base DN“%(base)s”不在这台服务器上，请核对主机和 Base DN"),
}

Strategy = str


class CheckedTls(ldap3.Tls):
    """TLS by the standard library's own rules: chain and host name, TLS 1.2 and later.

    ldap3's own wrapping leaves the host name to a function Python has given up.
    """

    def __init__(self, verify: bool, ca_certificate: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE)
        self._context = ssl.create_default_context(cadata=ca_certificate or None)
        if not verify:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS on the connection's socket and shake hands at once."""
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=True
        )


class LdapDirectory:
    """One subtree of an LDAP directory. `strategy` is ldap3's, another than SYNC only for recorded servers."""

    def __init__(
        self,
        settings: LdapSettings,
        secrets: Mapping[str, str],
        *,
        number_attribute: str,
        strategy: Strategy = ldap3.SYNC,
        server: Any = None,
    ) -> None:
        self._settings = settings
        self._password = secrets.get("password", "")
        self._number = number_attribute
        self._strategy = strategy
        self._server = server
        self._connection: Any = None

    def sign_on(self) -> None:
        """Open the connection, encrypt it as set, and bind."""
        self.close()
        where = {"host": self._settings["host"], "port": self._settings["port"]}
        try:
            connection = self._bound(where)
        except LDAPException as error:
            raise self._unreachable(error, where) from None
        except (ValueError, ssl.SSLError):
            raise DirectoryError(
                _("CA 证书读不懂：请粘贴 PEM 文本，以 -----BEGIN CERTIFICATE----- 开头"), "certificate"
            ) from None
        self._connection = connection

    def _bound(self, where: Mapping[str, Any]) -> Any:
        connection = ldap3.Connection(
            self._server or self._make_server(),
            user=self._settings["bind_dn"] or None,
            password=self._password or None,
            client_strategy=self._strategy,
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,  # a referral names another host, and would be given our password
            raise_exceptions=False,
            check_names=False,  # the schema is not read: entries are asked for by the names that were set
            receive_timeout=RECEIVE_TIMEOUT_S,
            read_only=True,
        )
        try:
            self._open_and_bind(connection, where)
        except (LDAPException, DirectoryError):
            if connection.socket is not None:
                connection.socket.close()
            raise
        return connection

    def _open_and_bind(self, connection: Any, where: Mapping[str, Any]) -> None:
        connection.open(read_server_info=False)
        if self._settings["security"] == "starttls" and not connection.start_tls(read_server_info=False):
            raise DirectoryError(
                _("目录服务器 %(host)s 不支持 StartTLS：请改用 LDAPS（端口 636），或让目录管理员开启")
                % where,
                "starttls",
            )
        if not connection.bind(read_server_info=False):
            raise DirectoryError(self._why_not_bound(connection.result), "bind")

    def _make_server(self) -> Any:
        settings = self._settings
        return ldap3.Server(
            settings["host"],
            port=settings["port"],
            use_ssl=settings["security"] == "ldaps",
            tls=CheckedTls(settings["verify_certificate"], settings["ca_certificate"]),
            get_info=ldap3.NONE,
            connect_timeout=CONNECT_TIMEOUT_S,
        )

    def _unreachable(self, error: LDAPException, where: Mapping[str, Any]) -> DirectoryError:
        said = str(error).lower()
        if "certificate" in said or "hostname" in said:
            return DirectoryError(
                _("目录服务器 %(host)s 的证书通不过检查：请填写签发它的 CA 证书，并确认主机名与证书上的一致")
                % where,
                "certificate",
            )
        if "ssl" in said or "tls" in said:
            return DirectoryError(
                _("和目录服务器 %(host)s 建不起加密连接：请核对端口（LDAPS 一般是 636）和加密方式") % where,
                "tls",
            )
        return DirectoryError(
            _("连不上目录服务器 %(host)s 的 %(port)s 端口：请核对主机、端口和防火墙") % where, "unreachable"
        )

    def _why_not_bound(self, result: Mapping[str, Any]) -> str:
        said = str(result.get("message", ""))
        for code, reason in _AD_REASONS.items():
            if f"data {code}" in said:
                return _("目录服务器不让读取账号登录：%(reason)s") % {"reason": reason}
        if result.get("description") == "invalidCredentials":
            return _("目录服务器不让读取账号登录：账号或密码不对")
        return _("目录服务器不让读取账号登录（%(said)s）") % {"said": result.get("description", "")}

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.unbind()
            self._connection = None

    def departments(self) -> Iterator[DirectoryUnit]:
        """Yield the base and the OUs below it; for departments held in an attribute, its values."""
        base = _plain_dn(self._settings["base_dn"])
        yield DirectoryUnit(base, "")
        if self._settings["unit_attribute"]:
            seen: set[str] = set()
            for entry in self._search(self._settings["user_filter"], [self._settings["unit_attribute"]]):
                name = _first(entry, self._settings["unit_attribute"])
                if name and name not in seen:
                    seen.add(name)
                    yield DirectoryUnit(name, name, base)
            return
        units = self._units()
        for dn, (own, name) in units.items():
            if dn != base:
                yield DirectoryUnit(own, name, _above(dn, units, base))

    def members(self) -> Iterator[DirectoryMember]:
        """Yield the entries the filter lets through."""
        settings = self._settings
        base = _plain_dn(settings["base_dn"])
        units = {} if settings["unit_attribute"] else self._units()
        asked = {
            self._number, settings["name_attribute"], settings["title_attribute"],
            settings["phone_attribute"], settings["unit_attribute"],
            "cn", "userAccountControl", *IDENTITIES,
        }  # fmt: skip
        for entry in self._search(settings["user_filter"], sorted(asked - {""})):
            if settings["unit_attribute"]:
                unit = _first(entry, settings["unit_attribute"]) or base
            else:
                unit = _above(_plain_dn(str(entry["dn"])), units, base)
            yield DirectoryMember(
                external_id=_identity(entry),
                name=_first(entry, settings["name_attribute"]) or _first(entry, "cn"),
                unit_ids=(unit,),
                main_unit_id=unit,
                title=_first(entry, settings["title_attribute"]),
                phone=_first(entry, settings["phone_attribute"]),
                state=_state(entry),
                attributes={self._number: _first(entry, self._number)},
            )

    def _units(self) -> dict[str, tuple[str, str]]:
        """Return the OUs below the base: plain DN → lasting id and name, those above before those below."""
        found: dict[str, tuple[str, str]] = {}
        for entry in self._search(UNIT_FILTER, IDENTITIES):
            dn = str(entry["dn"])
            found[_plain_dn(dn)] = _identity(entry), "".join(_unescaped(str(parse_dn(dn)[0][1])))
        return dict(sorted(found.items(), key=lambda pair: (len(parse_dn(pair[0])), pair[0])))

    def _search(self, wanted: str, attributes: Any) -> Iterator[dict[str, Any]]:
        if self._connection is None:
            self.sign_on()
        cookie: bytes | None = None
        for _page in range(MAX_PAGES):
            entries, cookie = self._page(wanted, attributes, cookie)
            yield from entries
            if not cookie:
                return

    def _page(
        self, wanted: str, attributes: Any, cookie: bytes | None
    ) -> tuple[list[dict[str, Any]], bytes | None]:
        connection, base = self._connection, self._settings["base_dn"]
        try:
            connection.search(
                base, wanted, attributes=list(attributes), paged_size=PAGE_SIZE, paged_cookie=cookie
            )
        except LDAPException as error:
            if "filter" in str(error).lower():
                raise DirectoryError(
                    _("筛选条件“%(filter)s”写法不对，例如 (&(objectClass=person)(employeeNumber=*))")
                    % {"filter": wanted},
                    "filter",
                ) from None
            raise self._unreachable(
                error, {"host": self._settings["host"], "port": self._settings["port"]}
            ) from None
        result = connection.result
        description = str(result.get("description", ""))
        if description != "success":
            text = _CURES.get(description)
            said = {"base": base, "said": description}
            message = str(text) % said if text else _("目录服务器返回错误：%(said)s") % said
            raise DirectoryError(message, description)
        control = (result.get("controls") or {}).get("1.2.840.113556.1.4.319")
        following = control["value"]["cookie"] if control else None
        found = [entry for entry in connection.response or () if entry.get("type") == "searchResEntry"]
        return found, following


def _identity(entry: Mapping[str, Any]) -> str:
    """Return the id that stays when an entry is renamed or moved: objectGUID, else entryUUID."""
    raw = entry.get("raw_attributes") or {}
    for guid in raw.get("objectGUID") or ():
        if len(guid) == 16:
            return str(uuid.UUID(bytes_le=guid))
    for found in raw.get("entryUUID") or ():
        return found.decode("ascii", "replace").lower()
    raise DirectoryError(
        _(
            "目录没有给出“%(dn)s”的 objectGUID 或 entryUUID，没有它就认不出改了名的人：请让读取账号能读这个属性"
        )
        % {"dn": entry.get("dn", "")},
        "identity",
    )


def _first(entry: Mapping[str, Any], attribute: str) -> str:
    """Return the first value of an attribute as text, whatever the case of its name; empty if there is none."""
    if not attribute:
        return ""
    raw = entry.get("raw_attributes") or {}
    values = raw.get(attribute)
    if values is None:
        values = next((raw[name] for name in raw if name.lower() == attribute.lower()), None)
    return next((value.decode("utf-8", "replace").strip() for value in values or ()), "")


def _state(entry: Mapping[str, Any]) -> MemberState:
    control = _first(entry, "userAccountControl")
    disabled = control.isdigit() and int(control) & AD_DISABLED
    return MemberState.DISABLED if disabled else MemberState.ACTIVE


def _plain_dn(dn: str) -> str:
    """Return a DN as it compares: in lower case, without the spaces some servers write."""
    try:
        parts = parse_dn(dn, strip=True)
    except LDAPException:
        return dn.lower()  # a base DN typed wrongly: the server's own refusal says so
    return ",".join(f"{name}={value}".lower() for name, value, _sep in parts)


def _unescaped(value: str) -> Iterator[str]:
    pending = bytearray()
    position = 0
    while position < len(value):
        pair = value[position + 1 : position + 3]
        if value[position] == "\\" and len(pair) == 2 and all(c in "0123456789abcdefABCDEF" for c in pair):
            pending += bytes.fromhex(pair)
            position += 3
            continue
        if value[position] == "\\":
            position += 1
        pending += value[position : position + 1].encode()
        position += 1
    yield pending.decode("utf-8", "replace")


def _above(dn: str, units: Mapping[str, tuple[str, str]], base: str) -> str:
    """Return the id of the nearest OU above an entry, or the base."""
    parts = parse_dn(dn)
    for start in range(1, len(parts)):
        above = ",".join(f"{name}={value}" for name, value, _sep in parts[start:])
        if above == base:
            return base
        if above in units:
            return units[above][0]
    return base
