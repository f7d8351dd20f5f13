"""A small LDAP server on a local socket: bind, StartTLS and paged search, speaking the protocol's own bytes."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from people.directories import Access, MemberState, ldap
from tests.people.directories.world import Script

# After people.directories.ldap, which knows how to import ldap3 quietly.
from ldap3.protocol import rfc4511  # isort: skip
from ldap3.protocol.rfc2696 import RealSearchControlValue  # isort: skip
from pyasn1.codec.ber import encoder  # isort: skip

BASE = "DC=example,DC=com"
PAGED = "1.2.840.113556.1.4.319"
READER, PASSWORD = "CN=reader,DC=example,DC=com", "reader-password"
BIND, UNBIND, SEARCH, EXTENDED = 0x60, 0x42, 0x63, 0x77
CODES = {"ok": 0, "operations": 1, "protocol": 2, "no such object": 32, "invalid credentials": 49}


def make_certificate(folder: Path, host="127.0.0.1"):
    """Return the files of a fresh certificate for `host` and its key; it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = dt.datetime.now(dt.UTC)
    alternative = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "server.pem", folder / "server.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def entries_of(script: Script):
    """Return the works as entries of Active Directory: DN and attributes."""
    dns = {"root": BASE}
    for own, (name, above) in script.departments.items():
        if own != "root":
            dns[own] = f"OU={name.replace(',', chr(92) + ',')},{dns[above]}"
    found = [(BASE, {"objectClass": [b"domain"], "objectGUID": [guid("root")]})]
    for own, dn in dns.items():
        if own != "root":
            found.append((dn, {"objectClass": [b"organizationalUnit"], "objectGUID": [guid(f"unit {own}")]}))
    for one in script.people:
        control = 514 if one.state is MemberState.DISABLED else 512
        attributes = {
            "objectClass": ["top", "person", "user"],
            "cn": [one.name],
            "displayName": [one.name],
            "employeeID": [one.number],
            "title": [one.title],
            "mobile": [one.phone],
            "department": [script.departments[one.main][0]],
            "userAccountControl": [str(control)],
        }
        as_bytes = {
            name: [value.encode() for value in values if value] for name, values in attributes.items()
        }
        found.append((f"CN={one.name},{dns[one.main]}", {**as_bytes, "objectGUID": [guid(one.id)]}))
    return found


def guid(text):
    """Return a lasting id as Active Directory stores it."""
    return uuid.uuid5(uuid.NAMESPACE_OID, text).bytes_le


def external_id(text):
    """Return the same id as the client tells it."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


class LdapServer:
    """A server for the length of a `with`. `certificate`: TLS files; `ldaps`: TLS from the first byte."""

    kind, number_field = "ldap", "employeeID"
    has_disabled = names_main_unit = True

    def __init__(self, script=None, certificate=None, ldaps=False, page_limit=None):
        self.script = script or Script()
        self.certificate, self.ldaps = certificate, ldaps
        self.page_limit = page_limit
        self.refuse_bind_with = ""
        self.searches = self.binds = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads, self.connections = [], []
        self.changes = {}
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(timeout=5)
        for connection in self.connections:
            connection.close()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    @property
    def root(self):
        return BASE.lower()

    @property
    def settings(self):
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none" if not self.certificate else "ldaps" if self.ldaps else "starttls",
            "verify_certificate": True,
            "ca_certificate": self.certificate[0].read_text() if self.certificate else "",
            "bind_dn": READER,
            "base_dn": "dc=Example, dc=com",
            "user_filter": "(&(objectClass=person)(!(objectClass=computer)))",
            "name_attribute": "displayName",
            "title_attribute": "title",
            "phone_attribute": "mobile",
            "unit_attribute": "",
        } | self.changes

    @property
    def secrets(self):
        return {"password": PASSWORD if self.script.secret_is_right else "wrong"}

    @property
    def access(self):
        return Access("ldap", self.settings, self.secrets, self.number_field, "")

    def unit_id(self, own):
        return self.root if own == "root" else external_id(f"unit {own}")

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            # A copy to hang up by: TLS takes the socket itself over.
            self.connections.append(connection.dup())
            self._start(self._serve, connection)

    def _serve(self, connection):
        connection.settimeout(10)
        try:
            if self.ldaps:
                connection = self.context.wrap_socket(connection, server_side=True)
            while message := _read(connection):
                following = self._reply(connection, message)
                if following is None:
                    return
                connection = following
        except (OSError, ssl.SSLError, IndexError, ValueError):
            pass  # the client went away, did not trust us, or spoke something else than LDAP
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _reply(self, connection, message):
        number, (kind, content) = int.from_bytes(message[0][1], "big"), message[1]
        if kind == BIND:
            self.binds += 1
            _version, (_, name), (_, password) = _parts(content)
            good = (name.decode(), password.decode()) == (READER, PASSWORD) and not self.refuse_bind_with
            code = "ok" if good else "invalid credentials"
            _send(connection, number, "bindResponse", rfc4511.BindResponse(), code, self.refuse_bind_with)
        elif kind == EXTENDED:
            code = "ok" if self.context else "protocol"
            _send(connection, number, "extendedResp", rfc4511.ExtendedResponse(), code)
            if self.context:
                return self.context.wrap_socket(connection, server_side=True)
        elif kind == SEARCH:
            if "search" in self.script.garbage:
                connection.sendall(self.script.garbage["search"])
                return None
            self._search(connection, number, _parts(content), message[2][1])
        else:
            return None
        return connection

    def _search(self, connection, number, request, controls):
        self.searches += 1
        base, _scope, _aliases, _size, _time, _types, wanted, attributes = request
        if _plain(base[1].decode()) != self.root:
            _send(connection, number, "searchResDone", rfc4511.SearchResultDone(), "no such object")
            return
        names = {name.decode().lower() for _, name in _parts(attributes[1])}
        found = [one for one in entries_of(self.script) if _fits(wanted, one[1])]
        size, start = _paged(controls)
        for dn, held in found[start : start + size]:
            _send_entry(connection, number, dn, {name: held[name] for name in held if name.lower() in names})
        following = str(start + size).encode() if start + size < len(found) else b""
        _send(connection, number, "searchResDone", rfc4511.SearchResultDone(), "ok", cookie=following)


def _read(connection):
    """Return the parts of a connection's next message; None at its end."""
    head = _exactly(connection, 2)
    if not head:
        return None
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(_exactly(connection, length & 0x7F), "big")
    return _parts(_exactly(connection, length))


def _parts(content):
    """Cut BER into its parts: (tag, content) one after the other."""
    found = []
    while content:
        tag, length, start = content[0], content[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(content[2:start], "big")
        found.append((tag, content[start : start + length]))
        content = content[start + length :]
    return found


def _exactly(connection, count):
    content = b""
    while len(content) < count:
        piece = connection.recv(count - len(content))
        if not piece:
            return b""
        content += piece
    return content


def _send(connection, number, kind, response, code, said="", cookie=None):
    response["resultCode"] = rfc4511.ResultCode(CODES[code])
    response["matchedDN"] = rfc4511.LDAPDN("")
    response["diagnosticMessage"] = rfc4511.LDAPString(said)
    message = _message(number, kind, response)
    if cookie is not None:
        value = RealSearchControlValue()
        value["size"], value["cookie"] = 0, cookie
        control = rfc4511.Control()
        control["controlType"] = rfc4511.LDAPOID(PAGED)
        control["criticality"] = rfc4511.Criticality(False)
        control["controlValue"] = rfc4511.ControlValue(encoder.encode(value))
        controls = rfc4511.Controls()
        controls.setComponentByPosition(0, control)
        message["controls"] = controls
    connection.sendall(encoder.encode(message))


def _send_entry(connection, number, dn, attributes):
    entry = rfc4511.SearchResultEntry()
    entry["object"] = rfc4511.LDAPDN(dn)
    listed = rfc4511.PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        attribute = rfc4511.PartialAttribute()
        attribute["type"] = rfc4511.AttributeDescription(name)
        attribute["vals"] = rfc4511.Vals()
        for place, value in enumerate(values):
            attribute["vals"].setComponentByPosition(place, rfc4511.AttributeValue(value))
        listed.setComponentByPosition(position, attribute)
    entry["attributes"] = listed
    connection.sendall(encoder.encode(_message(number, "searchResEntry", entry)))


def _message(number, kind, content):
    operation = rfc4511.ProtocolOp()
    operation[kind] = content
    message = rfc4511.LDAPMessage()
    message["messageID"] = rfc4511.MessageID(number)
    message["protocolOp"] = operation
    return message


def _paged(controls):
    """Return the page asked for: how many, from where."""
    ((_, control),) = _parts(controls)
    (_, oid), *_, (_, value) = _parts(control)
    assert oid.decode() == PAGED
    ((_, size), (_, cookie)) = _parts(_parts(value)[0][1])
    return int.from_bytes(size, "big"), int(cookie or b"0")


def _fits(wanted, attributes):
    """Evaluate the filters the tests use: and, or, not, equality and presence."""
    tag, content = wanted
    by_name = {name.lower(): [value.lower() for value in values] for name, values in attributes.items()}
    match tag:
        case 0xA0:
            return all(_fits(one, attributes) for one in _parts(content))
        case 0xA1:
            return any(_fits(one, attributes) for one in _parts(content))
        case 0xA2:
            return not _fits(_parts(content)[0], attributes)
        case 0x87:
            return content.decode().lower() in by_name
        case 0xA3:
            (_, name), (_, value) = _parts(content)
            return value.lower() in by_name.get(name.decode().lower(), [])
    raise AssertionError(f"a filter the tests do not know: {tag:#x}")


def _plain(dn):
    return ",".join(part.strip().lower() for part in dn.split(","))


__all__ = ["BASE", "LdapServer", "external_id", "guid", "ldap", "make_certificate"]
