"""From values to HTML: every value is escaped, and the browser is told to run nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from fastapi.responses import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_COLLECTIONS = {
    ("account", "to_ipaas"): "Accounts → Companies",
    ("account", "to_salesforce"): "Companies → Accounts",
    ("contact", "to_ipaas"): "Contacts → Customers",
    ("contact", "to_salesforce"): "Customers → Contacts",
}

# The year of what is due at no time: a first contact that waits for a person.
_NO_TIME = MAXYEAR

# Neither kept nor told to anybody.
PRIVATE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class Pages:
    """Renders the templates of this package."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("airflow_provider_ipaas.plugin", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for filter_ in (when, since, due, span, flow, number, words, marked, pretty):
            self._environment.filters[filter_.__name__] = filter_
        self._style = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
        self._digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()

    def _policy(self, forms: str) -> str:
        """Allow one style sheet, known by its hash; no scripts, frames or anything from elsewhere."""
        return (
            f"default-src 'none'; style-src 'sha256-{self._digest}'; base-uri 'none'; form-action {forms}; "
            "frame-ancestors 'none'"
        )

    def show(self, template: str, *, status: int = 200, forms: str = "'none'", **values: Any) -> Response:
        """Return a page; *forms* says where its forms may lead, in the words of the Content-Security-Policy."""
        html = self._environment.get_template(template).render(style=self._style, now=datetime.now(UTC), **values)
        # The ledger keeps half characters as services send them, and UTF-8 has no place for these.
        body = html.encode("utf-8", "replace")
        headers = {"Content-Security-Policy": self._policy(forms), **PRIVATE}
        return Response(body, status_code=status, media_type="text/html", headers=headers)


@cache
def pages() -> Pages:
    """Return the renderer of this process."""
    return Pages()


def when(value: datetime | None) -> str:
    """Return a point in time to the minute, in UTC."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def since(value: datetime | None, now: datetime) -> str:
    """Return how long ago something was, or how far ahead it is, in its largest unit."""
    if value is None or value.year == _NO_TIME:
        return ""
    gone = now - value
    if abs(gone) < timedelta(minutes=1):
        return "now"
    return f"{span(gone)} ago" if gone > timedelta() else f"in {span(gone)}"


def due(value: datetime | None, now: datetime) -> str:
    """Return when something is tried again: at a point in time, with the next run, or once a person has said go."""
    if value is not None and value.year == _NO_TIME:
        return "when confirmed"
    return when(value) if value is not None and value > now else "next run"


def span(value: timedelta) -> str:
    """Return how long something is, whichever way, in its largest unit."""
    seconds = abs(value.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def flow(direction: str, collection: str) -> str:
    """Return what goes where."""
    return _COLLECTIONS.get((collection, direction), f"{collection} {direction}")


def number(value: object) -> str:
    """Return a count with its thousands set apart, a dash for anything that is none."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else "–"


def words(name: str) -> str:
    """Return an identifier as words."""
    return name.replace("_", " ")


def marked(text: str) -> Markup:
    """Return a message with what stands between backticks, names to type or find, set apart."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 -- escaped before


def pretty(value: object) -> str:
    """Return a JSON value as people write it."""
    return json.dumps(value, indent=2, ensure_ascii=False)
