"""The way to a service, before any login: name, certificate, an answer, the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from airflow_provider_ipaas.clients._http import Answer, Transport
from airflow_provider_ipaas.clients._session import proxy_of
from airflow_provider_ipaas.clients.probe import PATIENCE, addresses, certificate
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.errors import ServiceError

RENEW_WITHIN_DAYS = 14
SKEW_WARNING_S = 60
SKEW_ERROR_S = 300


@dataclass(frozen=True, slots=True)
class Place:
    """An address that a service is reached at; *field* names where it comes from."""

    url: str
    field: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def is_plain(self) -> bool:
        return urlsplit(self.url).scheme == "http"


class Way:
    """The addresses of one service, looked at step by step."""

    def __init__(self, service: str, name: str, places: Sequence[Place], probe_path: str) -> None:
        """*probe_path* is what the first place answers anybody, without a login."""
        self.name = name
        by_origin = {(place.host, urlsplit(place.url).port): place for place in reversed(places)}
        self._places = [place for place in places if place in by_origin.values()]
        self._probe_url = f"{places[0].url.rstrip('/')}{probe_path}"
        self._transport = Transport(service, name=name, timeouts=PATIENCE, address=places[0].field)

    def close(self) -> None:
        """Close the connections kept open."""
        self._transport.close()

    def dns(self, note: Notes) -> Iterator[Finding]:
        """Resolve every host."""
        for place in self._places:
            if (proxy := proxy_of(place.url)) is not None:
                yield note.ok(place.host, f"Reached through the proxy {proxy}, which looks the name up.")
                continue
            try:
                found = addresses(place.url)
            except OSError:
                yield note.error(
                    place.host,
                    "This name can't be resolved.",
                    f"Check {place.field}; if it is right, the name service of this machine.",
                )
            else:
                yield note.ok(place.host, f"Resolved to {', '.join(found[:3])}{' and more' if len(found) > 3 else ''}.")

    def tls(self, note: Notes) -> Iterator[Finding]:
        """Check every certificate the way each call does, and how long it is good for."""
        for place in self._places:
            if place.is_plain:
                yield note.ok(place.host, "Plain http to this machine; there is no certificate.")
                continue
            try:
                shown = certificate(place.url)
            except ServiceError as error:
                yield note.error(place.host, f"No secure connection: {error.message}.", _mend(error.message, place))
                continue
            if shown is None:
                yield note.ok(place.host, "The certificate is trusted; until when can't be seen from here.")
                continue
            days = (shown.ends_at - datetime.now(UTC)).days
            said = f"The certificate by {shown.issuer} is good until {shown.ends_at:%Y-%m-%d} ({days:,} days)."
            if days < RENEW_WITHIN_DAYS:
                yield note.warning(place.host, said, "Have whoever runs this host renew it before that day.")
            else:
                yield note.ok(place.host, said)

    def ask(self) -> Answer | None:
        """Ask for what anybody may see; None where the answer leads elsewhere. Raises ServiceError without an answer."""
        try:
            return self._transport.send("GET", self._probe_url, may_repeat=True, counted=False)
        except ServiceError as error:
            if error.code == "REDIRECT":
                return None
            raise

    @property
    def offset_s(self) -> float | None:
        """By how much the service's clock, as its answers tell it, is ahead of this machine's."""
        now = self._transport.clock.now()
        return None if now is None else (now - datetime.now(UTC)).total_seconds()

    def clock(self, note: Notes, *, signs: bool) -> Iterator[Finding]:
        """Hold this machine's clock against the service's; *signs*: logins are signed with the time of day."""
        subject = "this machine's clock"
        offset = self.offset_s
        if offset is None:
            yield note.warning(
                subject,
                f"{self.name} did not tell the time: its answer had no Date header.",
                "Check the proxy in between; it must pass the Date header on. Windows are read by the service's clock.",
            )
            return
        if abs(offset) <= SKEW_WARNING_S:
            yield note.ok(subject, f"In step with {self.name}.")
            return
        minutes, seconds = divmod(round(abs(offset)), 60)
        said = f"{minutes} min {seconds} s {'behind' if offset > 0 else 'ahead of'} {self.name}."
        mend = "Let this machine set its clock by NTP."
        if signs and abs(offset) > SKEW_ERROR_S:
            yield note.error(
                subject, said, f"{mend} jwt_bearer signs the login with it, and it is off by over 5 minutes."
            )
        else:
            yield note.warning(subject, said, mend)


def _mend(cause: str, place: Place) -> str:
    """Say what to do about a TLS connection that fails; OpenSSL's and requests' own words tell the cases apart."""
    lowered = cause.lower()
    if "expired" in lowered or "not yet valid" in lowered:
        return "Have whoever runs this host renew the certificate; check this machine's clock too."
    if "ca certificate bundle" in lowered:
        return "Correct REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE): it names a file that this machine does not have."
    if "mismatch" in lowered or "doesn't match" in lowered or "not valid for" in lowered:
        return f"The certificate is for another name: check {place.field}."
    if "certificate" in lowered:
        return (
            "The authority behind it is not known here, as with a proxy that opens https: put its certificate into the "
            "file that REQUESTS_CA_BUNDLE (or SSL_CERT_FILE) names, on every worker."
        )
    return f"Check {place.field}, and that this machine may reach {place.host} (firewall, proxy)."
