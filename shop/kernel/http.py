"""Fetching what strangers point to, without being led into our own network.

An imported picture address may name a private host, or a public name that resolves to one, or
redirect there: each hop is resolved once, checked, and the connection goes to the checked address.
"""

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool

MAX_REDIRECTS = 3
TIMEOUT_SECONDS = (5, 15)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 shows it; the last 32 bits are the address."""


class Unreachable(Exception):
    """The address cannot or must not be fetched."""


def fetch_public(url: str, *, max_bytes: int) -> bytes:
    """The body behind a public https address.

    Raises Unreachable for other schemes, private addresses, too many redirects, errors and bodies
    above `max_bytes`.
    """
    for _hop in range(MAX_REDIRECTS + 1):
        host, address, port = _public_address(url)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _PinnedAdapter(host, address, port))
            try:
                answer = session.get(
                    url, timeout=TIMEOUT_SECONDS, stream=True, allow_redirects=False
                )
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                answer.raise_for_status()
                return _body(answer, max_bytes)
            except requests.RequestException as error:
                raise Unreachable(f"{type(error).__name__} from {host}") from error
    raise Unreachable("too many redirects")


def _public_address(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise Unreachable("not an address") from error
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise Unreachable("only plain https addresses are fetched")
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{parts.hostname} is unknown") from error
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    if not addresses or not all(is_public(address) for address in addresses):
        raise Unreachable(f"{parts.hostname} is not a public address")
    return parts.hostname, sorted(addresses)[0], port


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet (IPv4 inside IPv6 looked through)."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    inner = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_site_local)


def _body(answer: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            raise Unreachable("the file is too large")
    return bytes(body)


class _PinnedAdapter(HTTPAdapter):
    """Connects to the checked address while certificate and Host name the asked-for host."""

    def __init__(self, host: str, address: str, port: int) -> None:
        self._pinned = (host, address, port)
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(
        self, *_args: object, **_kwargs: object
    ) -> HTTPSConnectionPool:
        host, address, port = self._pinned
        return HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
        )
