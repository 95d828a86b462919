"""What strangers point to is fetched from the open internet only.

The resolver and the wire are stand-ins: names resolve as a test says, and whatever public address
is dialled leads to a server of the test with a certificate of its own. Everything between is real.

Guards and who misses them: the check of every resolved address (`test_a_name_that_leads…`,
`test_one_private…`), the check of each hop (`test_a_redirect_into…`), the pinned address
(`test_a_name_that_changes…`), the bound on the body (`test_a_body_without_end…`), the look through
IPv6 (`test_an_address_of_ours…`).
"""

import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shop.kernel.http import Unreachable, fetch_public, is_public

HOST = "pictures.example"
PUBLIC = "93.184.216.34"


@dataclass
class Internet:
    """Names with their addresses, pages of the one server, and who was dialled."""

    names: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    sent: int = 0
    later: list[str] = field(default_factory=list)
    """What every name resolves to from the second time on."""

    def resolve(self, host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        if host not in self.names:
            raise socket.gaierror(f"{host} is unknown")
        addresses = self.names[host]
        if self.later:
            self.names[host] = self.later
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


@pytest.fixture
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    net = Internet({HOST: [PUBLIC]})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), page_of(net))
    certificate = certificate_for(HOST, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def dial(address: tuple[str, int], *_args: Any, **_more: Any) -> socket.socket:
        net.dialled.append(address)
        wire = socket.socket()
        wire.settimeout(10)
        wire.connect(("127.0.0.1", server.server_port))
        return wire

    monkeypatch.setattr(socket, "getaddrinfo", net.resolve)
    monkeypatch.setattr(urllib3.util.connection, "create_connection", dial)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    yield net
    server.shutdown()
    server.server_close()


def test_a_public_page_is_fetched(internet: Internet) -> None:
    internet.pages["/honey.jpg"] = (200, {}, b"a picture")

    assert fetch_public(f"https://{HOST}/honey.jpg", max_bytes=100) == b"a picture"
    assert internet.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "fd00::1"]
)
def test_a_name_that_leads_into_our_own_network_is_not_dialled(
    internet: Internet, address: str
) -> None:
    internet.names["innocent.example"] = [address]

    with pytest.raises(Unreachable, match="not a public address"):
        fetch_public("https://innocent.example/", max_bytes=100)
    assert internet.dialled == []


def test_one_private_address_among_public_ones_is_enough(internet: Internet) -> None:
    internet.names[HOST] = [PUBLIC, "10.0.0.1"]

    with pytest.raises(Unreachable, match="not a public address"):
        fetch_public(f"https://{HOST}/", max_bytes=100)


def test_a_name_that_changes_after_the_check_is_dialled_as_checked(internet: Internet) -> None:
    internet.pages["/"] = (200, {}, b"ok")
    internet.later = ["127.0.0.1"]

    assert fetch_public(f"https://{HOST}/", max_bytes=100) == b"ok"
    assert internet.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "location",
    [
        "https://inside.example/",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "http://pictures.example/",
        "file:///etc/passwd",
        "//inside.example/",
    ],
)
def test_a_redirect_into_our_own_network_ends_there(internet: Internet, location: str) -> None:
    internet.names |= {
        "inside.example": ["10.0.0.1"],
        "10.0.0.1": ["10.0.0.1"],
        "::ffff:10.0.0.1": ["::ffff:10.0.0.1"],
    }
    internet.pages["/"] = (302, {"Location": location}, b"")

    with pytest.raises(Unreachable):
        fetch_public(f"https://{HOST}/", max_bytes=100)
    assert internet.dialled == [(PUBLIC, 443)]


def test_a_redirect_to_another_public_page_is_followed(internet: Internet) -> None:
    internet.pages["/"] = (302, {"Location": "/there"}, b"")
    internet.pages["/there"] = (200, {}, b"ok")

    assert fetch_public(f"https://{HOST}/", max_bytes=100) == b"ok"


def test_redirects_without_end_are_not(internet: Internet) -> None:
    internet.pages["/"] = (302, {"Location": "/"}, b"")

    with pytest.raises(Unreachable, match="too many"):
        fetch_public(f"https://{HOST}/", max_bytes=100)
    assert len(internet.dialled) == 4


def test_a_body_without_end_is_not_read_to_its_end(internet: Internet) -> None:
    whole = 64 * 1024 * 1024
    internet.pages["/"] = (200, {}, b"x" * whole)

    with pytest.raises(Unreachable, match="too large"):
        fetch_public(f"https://{HOST}/", max_bytes=100_000)
    assert internet.sent < whole


def test_a_certificate_for_another_name_is_refused(internet: Internet) -> None:
    internet.names["other.example"] = [PUBLIC]
    internet.pages["/"] = (200, {}, b"ok")

    with pytest.raises(Unreachable, match="SSLError"):
        fetch_public("https://other.example/", max_bytes=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/",
        "ftp://pictures.example/",
        "https://user:secret@pictures.example/",
        "https:///nowhere",
        "https://unknown.example/",
        "https://pictures.example:99999/",
        "https://[::1/",
        "pictures.example",
        "",
    ],
)
def test_only_plain_https_addresses_are_looked_at(internet: Internet, url: str) -> None:
    with pytest.raises(Unreachable):
        fetch_public(url, max_bytes=100)
    assert internet.dialled == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "0.1.2.3", "224.0.0.1", "::", "::1",
        "fe80::1", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:10.0.0.1", "::10.0.0.1", "2002:a00:1::1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
    ],
)  # fmt: skip
def test_an_address_of_ours_is_known_in_every_clothing(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"]
)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def page_of(net: Internet) -> type[http.server.BaseHTTPRequestHandler]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = net.pages[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for start in range(0, len(body), 65536):
                    self.wfile.write(body[start : start + 65536])
                    net.sent += 65536
            except OSError:  # whoever asked has had enough
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    return Page


def certificate_for(host: str, folder: Path) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
