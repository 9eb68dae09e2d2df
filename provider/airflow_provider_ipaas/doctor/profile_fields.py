"""Hold the field names of profile and mapping against the records that the service's own description shows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.doctor.profile_differences import Difference
from airflow_provider_ipaas.doctor.swagger import Document
from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule

Fields = Mapping[str, int | None]
_ALIKE = 0.72


class Records:
    """What the document says a company and a customer look like; empty where it does not say."""

    def __init__(self, profile: Profile, document: Document) -> None:
        self._profile = profile
        self._document = document

    def answered(self, kind: str) -> Fields:
        """Return the fields that a read by id answers."""
        operation = self._document.find("GET", str(getattr(self._profile.paths, kind)))
        return operation.answered if operation else {}

    def sent(self, kind: str) -> Fields:
        """Return the fields that every write whose body is described takes."""
        paths, update = self._profile.paths, self._profile.update_method
        found = (
            self._document.find("POST", str(getattr(paths, f"{kind}_create"))),
            self._document.find(update, str(getattr(paths, f"{kind}_update"))),
        )
        bodies = [operation.sent for operation in found if operation and operation.sent]
        if not bodies:
            return {}
        return {name: longest for name, longest in bodies[0].items() if all(name in body for body in bodies)}

    def longest(self, kind: str, name: str) -> int | None:
        """Return the longest value that a field takes or holds; None when it is not told."""
        for fields in (self.sent(kind), self.answered(kind)):
            if fields.get(name) is not None:
                return fields[name]
        return None


def field_differences(
    profile: Profile, records: Records, mappings: Sequence[CollectionMapping]
) -> Iterator[Difference]:
    """Compare arrays, the fields that the client itself looks at, and those of the mappings; each difference once."""
    seen: set[str] = set()
    for mapping in mappings:
        found = (
            *_array_differences(profile, records, mapping),
            *_own_differences(profile, records, mapping),
            *_mapped_differences(records, mapping),
        )
        for difference in found:
            if difference.item not in seen:
                seen.add(difference.item)
                yield difference


def _array_differences(profile: Profile, records: Records, mapping: CollectionMapping) -> Iterator[Difference]:
    for part in sorted(mapping.ipaas_parts):
        name = str(getattr(profile.arrays, part))
        lacking = _lacking(records, mapping.kind, name, written=True)
        if lacking is None:
            continue
        where, fields = lacking
        other = _close(name, fields)
        override = {"arrays": {part: other}} if other else {"addresses": "off"} if part == "addresses" else None
        yield Difference(f"arrays.{part}", f"{where} shows no {name}{_but(other)}", override)
    # `auto` finds out by itself whether external ids are nested.
    name = profile.arrays.external_ids
    answered, sent = records.answered(mapping.kind), records.sent(mapping.kind)
    if profile.external_ids_on_read == "nested" and answered and name not in answered:
        message = f"a {mapping.kind} shows no {name}, so the link has to be looked up"
        yield Difference("external_ids_on_read", message, {"external_ids_on_read": "lookup"})
    if profile.external_ids_on_write == "nested" and sent and name not in sent:
        message = f"a {mapping.kind} that is written takes no {name}, so the link has to be stored by its own call"
        yield Difference("external_ids_on_write", message, {"external_ids_on_write": "endpoint"})


def _own_differences(profile: Profile, records: Records, mapping: CollectionMapping) -> Iterator[Difference]:
    keys = ("customer_email", "updated", "created") if mapping.kind == "customer" else ("company_name",)
    for key in keys:
        name = str(getattr(profile.field_names, key))
        lacking = _lacking(records, mapping.kind, name, written=False)
        if lacking is None:
            continue
        where, fields = lacking
        other = _close(name, fields)
        override = {"field_names": {key: other}} if other else None
        yield Difference(f"field_names.{key}", f"{where} shows no {name}{_but(other)}", override)


def _mapped_differences(records: Records, mapping: CollectionMapping) -> Iterator[Difference]:
    for rule in mapping.fields:
        name = _plain_name(rule)
        if name is None:
            continue
        lacking = _lacking(records, mapping.kind, name, written=rule.writes_ipaas)
        if lacking is not None:
            where, fields = lacking
            yield Difference(
                f"mapping.{mapping.collection}.{rule.key}", f"{where} shows no {name}{_but(_close(name, fields))}"
            )


def _plain_name(rule: FieldRule) -> str | None:
    """Return the built-in field of iPaaS.com that a rule names, if it names one."""
    plain = rule.kind in ("text", "constant") and not rule.ipaas_custom
    return rule.ipaas if plain else None


def _lacking(records: Records, kind: str, name: str, *, written: bool) -> tuple[str, Fields] | None:
    """Say where a field is not shown, with the fields that are; None where it is, or where nothing is described."""
    answered, sent = records.answered(kind), records.sent(kind)
    if answered and name not in answered:
        return f"a {kind} that is read", answered
    if written and sent and name not in sent:
        return f"a {kind} that is written", sent
    return None


def _close(name: str, fields: Fields) -> str:
    containing = [it for it in fields if name in it]
    if len(containing) == 1:
        return containing[0]
    close = difflib.get_close_matches(name, list(fields), n=1, cutoff=_ALIKE)
    return close[0] if close else ""


def _but(other: str) -> str:
    return f", but {other}" if other else ""
