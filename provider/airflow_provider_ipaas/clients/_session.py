"""The HTTP session behind every call: whom it trusts, what it never sends, and when it goes through a proxy."""

from __future__ import annotations

import os
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from airflow_provider_ipaas._version import __version__

USER_AGENT = f"airflow-provider-ipaas/{__version__}"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _NoRedirects(requests.Session):
    """A session that does not even look where a redirect leads: requests fails on an address that can't be read."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  (named so by its base)
        """Return None: there is nowhere to go."""
        return


def new_session(pool_size: int) -> requests.Session:
    """Return a session without retries and cookies.

    requests trusts the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names; SSL_CERT_FILE, which the rest of a host
    usually goes by, counts where neither is set.
    """
    session = _NoRedirects()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"})
    # Nothing here needs cookies, and a session cookie could outlive the token it came with.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    trusted = os.environ.get("SSL_CERT_FILE", "")
    if os.path.isfile(trusted):
        session.verify = trusted
    return session


def keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand in for an auth object: without one, requests overwrites Authorization from a .netrc file."""
    return request


def can_be_sent(secret: object) -> bool:
    """Say whether a value is text that fits into a header: printable ASCII, and not nothing."""
    return isinstance(secret, str) and secret != "" and secret.isascii() and secret.isprintable()


def is_loopback(host: str | None) -> bool:
    """Say whether *host* is this machine, by its fixed names only."""
    return (host or "").lower().strip("[]") in LOOPBACK


def proxies_for(host: str | None) -> dict[str, str] | None:
    """Return the proxies of a request: those of the environment (None), or none at all to this machine itself."""
    # An empty address is none, and keeps requests from asking the environment.
    return {"http": "", "https": "", "all": ""} if is_loopback(host) else None


def proxy_of(url: str) -> str | None:
    """Return host and port of the proxy that a call to *url* goes through, without its credentials; None: it goes direct."""
    if is_loopback(urlsplit(url).hostname):
        return None
    proxy = select_proxy(url, get_environ_proxies(url))
    if not proxy:
        return None
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
