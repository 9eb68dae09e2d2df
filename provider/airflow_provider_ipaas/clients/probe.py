"""Look at an address without logging in: its name, its certificate."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.x509.oid import NameOID

from airflow_provider_ipaas.clients._http import Timeouts, diagnosis
from airflow_provider_ipaas.clients._session import keep_headers, new_session, proxies_for
from airflow_provider_ipaas.errors import TransientServiceError

# A person waits for the answer.
PATIENCE = Timeouts(connect_s=10, read_s=20)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed: until when it is good, and who says so."""

    ends_at: datetime
    issuer: str


def addresses(url: str) -> list[str]:
    """Return the addresses that the host of *url* has. Raises OSError when its name can't be resolved."""
    parts = urlsplit(url)
    found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def certificate(url: str, *, timeouts: Timeouts = PATIENCE) -> Certificate | None:
    """Return the certificate that the server at an https *url* shows, checked the way every call checks it.

    None when it can't be seen. Raises TransientServiceError where no call would get through.
    """
    host = urlsplit(url).hostname
    with new_session(1) as session:
        try:
            with session.get(
                url,
                timeout=(timeouts.connect_s, timeouts.read_s),
                allow_redirects=False,
                stream=True,  # the connection, and with it the certificate, is at hand until the body is read
                auth=keep_headers,
                proxies=proxies_for(host),
            ) as response:
                return _shown(response)
        except requests.exceptions.RequestException as error:
            raise TransientServiceError(diagnosis(error)[0]) from None
        except OSError as error:
            # requests itself says this of a CA file that isn't there; its text names the path.
            raise TransientServiceError(str(error)) from None


def _shown(response: requests.Response) -> Certificate | None:
    connection = getattr(response.raw, "connection", None)
    sock = getattr(connection, "sock", None)
    der = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    if der is None:
        return None
    found = x509.load_der_x509_certificate(der)
    named = [*found.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    named += found.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(found.not_valid_after_utc, str(named[0].value) if named else "an unnamed authority")
