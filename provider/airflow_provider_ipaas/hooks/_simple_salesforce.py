"""Make simple-salesforce fit: a timeout on every request, and http where the instance is on this machine."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from airflow_provider_ipaas.clients._http import is_loopback

TIMEOUT_S = (10.0, 300.0)


class InstanceSession(requests.Session):
    """A session for one instance; simple-salesforce sets no timeout and spells every URL with https."""

    def __init__(self, instance_url: str) -> None:
        super().__init__()
        parts = urlsplit(instance_url)
        plain = parts.scheme == "http" and is_loopback(parts.hostname)
        self._spelt, self._meant = (f"https://{parts.netloc}/", f"http://{parts.netloc}/") if plain else ("", "")
        # No proxy stands between this machine and itself, whatever the environment says.
        self.trust_env = not plain

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request as requests does, with a timeout and the instance's own scheme."""
        kwargs.setdefault("timeout", TIMEOUT_S)
        address = url.decode() if isinstance(url, bytes) else url
        if self._spelt and address.startswith(self._spelt):
            address = self._meant + address[len(self._spelt) :]
        return super().request(method, address, *args, **kwargs)
