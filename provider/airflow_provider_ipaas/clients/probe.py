"""Look at an address without logging in: its name, its certificate."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPSConnection

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
    noting = _Noting()
    with new_session(1) as session:
        session.mount("https://", noting)
        try:
            session.get(
                url,
                timeout=(timeouts.connect_s, timeouts.read_s),
                allow_redirects=False,
                stream=True,
                auth=keep_headers,
                proxies=proxies_for(urlsplit(url).hostname),
            ).close()
        except requests.exceptions.RequestException as error:
            # What comes after the handshake says nothing about the certificate.
            if noting.shown is None:
                raise TransientServiceError(diagnosis(error)[0]) from None
        except OSError as error:
            # requests itself says this of a CA file that isn't there; its text names the path.
            raise TransientServiceError(str(error)) from None
    return _read(noting.shown) if noting.shown else None


class _Noting(HTTPAdapter):
    """Keep the certificate of the latest handshake: once an answer is there, its connection may be gone."""

    def __init__(self) -> None:
        self.shown: bytes | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self._note(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        """Make the pools of connections through a proxy."""
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        self._note(manager)
        return manager

    def _note(self, manager: PoolManager) -> None:
        adapter = self

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                if isinstance(self.sock, ssl.SSLSocket):
                    adapter.shown = self.sock.getpeercert(binary_form=True)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": Pool}


def _read(der: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(der)
    named = [*found.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    named += found.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(found.not_valid_after_utc, str(named[0].value) if named else "an unnamed authority")
