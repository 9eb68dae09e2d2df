"""Read the fields of an Airflow connection strictly, with errors that name connection, field and mend, never a secret."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

from airflow_provider_ipaas.clients._http import is_loopback
from airflow_provider_ipaas.errors import ConfigurationError

log = logging.getLogger(__name__)

_SHOWN = 80
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)


class AirflowConnection(Protocol):
    """What is read of a connection."""

    conn_id: str
    host: str | None
    login: str | None
    password: str | None
    port: int | None

    @property
    def extra(self) -> str | None: ...


class ConnectionNotFound(ConfigurationError):
    """Nobody has defined the connection, or Airflow can't read it."""


def read_connection(conn_id: str) -> Any:
    """Return an Airflow connection outside of a task. Raises ConnectionNotFound."""
    # Imported late: it loads Airflow's configuration, which reading a DAG file does not need from here.
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except (AirflowNotFoundException, ValueError):
        # Airflow says *isn't defined* of one that it fails to read, too.
        raise ConnectionNotFound(
            f"There is no connection `{conn_id[:_SHOWN]}` that Airflow can read.",
            next_step="Correct its id, or create it under Admin > Connections.",
        ) from None


class ConnectionFields:
    """The fields of one connection: the standard ones and those of extra's keys that are in *known*.

    Everything else in extra is left alone, with a warning that names the key: it may be a misspelt one.
    """

    def __init__(self, connection: AirflowConnection, *, known: Collection[str]) -> None:
        self.conn_id = connection.conn_id
        self._standard = {
            "host": connection.host,
            "login": connection.login,
            "password": connection.password,
            "port": connection.port,
        }
        self._extra = self._read_extra(connection.extra, known)

    def _read_extra(self, extra: str | None, known: Collection[str]) -> dict[str, Any]:
        if not extra or not extra.strip():
            return {}
        try:
            parsed = json.loads(extra)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, Mapping):
            raise self.error(
                "Extra", "extra", "is not a JSON object", 'Enter a JSON object such as {"auth_flow": "..."}.'
            )
        if unknown := sorted(str(key) for key in parsed if key not in known):
            log.warning(
                "Connection `%s`: extra has fields that are not known and not used: %s.",
                self.conn_id,
                ", ".join(unknown),
            )
        return {key: value for key, value in parsed.items() if key in known}

    def error(self, label: str, name: str, wrong: str, mend: str) -> ConfigurationError:
        """Return the error of one field; *wrong* completes the sentence that begins with it."""
        return ConfigurationError(f"Connection `{self.conn_id}`: the field {label} (`{name}`) {wrong}.", next_step=mend)

    def _value(self, name: str) -> Any:
        value = self._standard[name] if name in self._standard else self._extra.get(name)
        return value.strip() if isinstance(value, str) else value

    def text(self, name: str, label: str, *, default: str = "") -> str:
        """Return a text field, trimmed; *default* when it is missing or blank. Numbers become text."""
        value = self._value(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.error(label, name, "is not a text", "Enter it as a text.")
        return str(value)

    def required(self, name: str, label: str, mend: str) -> str:
        """Return a text field that must be there; *mend* says what to enter."""
        value = self.text(name, label)
        if not value:
            raise self.error(label, name, "is missing", mend)
        return value

    def choice(self, name: str, label: str, choices: Collection[str], *, default: str) -> str:
        """Return a text field that takes one of *choices*."""
        value = self.text(name, label, default=default)
        if value not in choices:
            raise self.error(label, name, f"is {_shown(value)}", f"Enter one of {', '.join(choices)}.")
        return value

    def integer(self, name: str, label: str, *, default: int, minimum: int, maximum: int) -> int:
        """Return a whole number, also from a text as forms and URIs give it."""
        value = self._value(name)
        if value is None or value == "":
            return default
        number = _whole(value)
        if number is None or not minimum <= number <= maximum:
            mend = f"Enter a whole number from {minimum} to {maximum}."
            raise self.error(label, name, f"is {_shown(value)}", mend)
        return number

    def number(self, name: str, label: str, *, above: float) -> float | None:
        """Return a number greater than *above*, also from a text; None when it is missing or blank."""
        value = self._value(name)
        if value is None or value == "":
            return None
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not above < number < float("inf"):
            raise self.error(
                label, name, f"is {_shown(value)}", f"Enter a number greater than {above:g}, or leave it empty."
            )
        return number

    def mapping(self, name: str, label: str) -> dict[str, Any]:
        """Return a JSON object, also from its text; `{}` when it is missing or blank. Its values are never shown."""
        value = self._value(name)
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = None
        if not isinstance(value, dict):
            raise self.error(label, name, "is not a JSON object", "Enter a JSON object, or leave it empty.")
        return value

    def base_url(self, name: str, label: str, *, default: str = "", example: str) -> str:
        """Return a URL without path, query or trailing slash: https, or http to this machine only.

        A host without a scheme is https, and for the field host a separate port counts: that is how connections given as
        URIs arrive.
        """
        value = self.text(name, label, default=default)
        if not value:
            raise self.error(label, name, "is missing", f"Enter a URL such as {example}.")
        parts = self.url(name, label, value if "://" in value else f"https://{value}", example=example)
        if parts.path.strip("/"):
            raise self.error(label, name, f"has a path ({_shown(parts.path)})", f"Enter only the host: {example}.")
        port = self._port() if name == "host" and parts.port is None else None
        return f"{parts.scheme}://{parts.netloc}{f':{port}' if port else ''}"

    def _port(self) -> int | None:
        port = self._standard["port"]
        if port and not (isinstance(port, int) and 0 < port < 65_536):
            mend = "Enter a number from 1 to 65535, or leave it empty."
            raise self.error("Port", "port", f"is {_shown(port)}", mend)
        return int(port) if port else None

    def url(self, name: str, label: str, value: str, *, example: str) -> SplitResult:
        """Check a whole URL and return its parts; the same rules, but a path may be there."""
        mend = f"Enter a URL such as {example}."
        try:
            parts = urlsplit(value)
            port_ok = parts.port is None or parts.port > 0
        except ValueError:
            raise self.error(label, name, "is not a URL", mend) from None
        host = parts.hostname
        if not host or not port_ok or any(char <= " " or char == "\\" for char in value):
            raise self.error(label, name, "is not a URL", mend)
        if parts.username is not None or parts.password is not None:
            raise self.error(
                label, name, "carries a user name or password", "Enter the URL alone; credentials have own fields."
            )
        if parts.scheme not in ("http", "https"):
            raise self.error(label, name, f"is not an https URL ({_shown(parts.scheme)}:)", mend)
        if parts.query or parts.fragment:
            raise self.error(label, name, "has a query or fragment", mend)
        if parts.scheme == "http" and not is_loopback(host):
            raise self.error(
                label, name, f"is plain http to {host}", f"Use https://{host}; http is for this machine only."
            )
        return parts


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return repr(text) if isinstance(value, str) else text
