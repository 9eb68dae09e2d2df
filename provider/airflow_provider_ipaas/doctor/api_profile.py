"""The API profile against the service's own description, and the lengths of both sides against each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from airflow_provider_ipaas.clients.ipaas.account import SWAGGER_PATH
from airflow_provider_ipaas.clients.ipaas.wire import Api
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.ipaas import IPaaSExam
from airflow_provider_ipaas.doctor.profile_differences import Difference, path_differences, wants
from airflow_provider_ipaas.doctor.profile_fields import Records, field_differences
from airflow_provider_ipaas.doctor.swagger import Document
from airflow_provider_ipaas.errors import IPaaSSyncError, ServiceError
from airflow_provider_ipaas.mapping import CollectionMapping

APIS: tuple[Api, ...] = get_args(Api)


class ApiProfileExam:
    """The documents that the APIs publish, and what they say of the profile."""

    def __init__(self, ipaas: IPaaSExam, mappings: Callable[[], Sequence[CollectionMapping]]) -> None:
        self._ipaas = ipaas
        self._mappings = mappings
        self.documents: dict[Api, Document] = {}

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of this room."""
        return (Check("ipaas.api_profile", self._api_profile, ("ipaas.access",)),)

    @property
    def records(self) -> Records | None:
        """What a company and a customer look like; None without a document."""
        document = self.documents.get("customers")
        return Records(self._ipaas.settings.profile, document) if document else None

    def _api_profile(self, note: Notes) -> Iterator[Finding]:
        profile = self._ipaas.settings.profile
        silent = [api for api in APIS if not self._fetch(api)]
        if silent:
            where = ", ".join(f"{getattr(profile.base_paths, api).rstrip('/')}/{SWAGGER_PATH}" for api in silent)
            yield note.ok(
                "API profile",
                f"No description of the API is published at {where}; there the profile could not be compared.",
            )
        if not self.documents:
            return
        found = [*path_differences(profile, self.documents), *self._field_differences()]
        for difference in found:
            yield self._finding(note, difference)
        if not found:
            calls = sum(want.api in self.documents for want in wants(profile))
            yield note.ok(
                "API profile",
                f"It fits what {', '.join(sorted(self.documents))} say of themselves: {calls} calls and the fields of "
                "both records.",
            )
        yield from self._relationships(note)

    def _fetch(self, api: Api) -> bool:
        try:
            raw = self._ipaas.client.account.swagger(api)
        except ServiceError:
            # Whether anybody may see it is not documented; without it nothing is wrong.
            raw = None
        if raw is not None:
            base_path = getattr(self._ipaas.settings.profile.base_paths, api)
            self.documents[api] = Document.read(raw, base_path)
        return raw is not None

    def _field_differences(self) -> list[Difference]:
        records = self.records
        try:
            mappings = self._mappings()
        except IPaaSSyncError:
            # The mapping has a check of its own.
            mappings = ()
        return list(field_differences(self._ipaas.settings.profile, records, mappings)) if records else []

    def _finding(self, note: Notes, difference: Difference) -> Finding:
        message = f"The profile does not fit the service's own description: {difference.message}."
        conn_id = self._ipaas.settings.connection
        if difference.override is not None:
            step = f"Put into the field `api_profile` of connection `{conn_id}`: {json.dumps(difference.override)}"
        elif difference.item.startswith("mapping."):
            key = difference.item.rpartition(".")[2]
            step = f"Correct `{key}` in the mapping, or take it out: `{key}: {{enabled: false}}`."
        else:
            step = f"Set `{difference.item}` in the field `api_profile` of connection `{conn_id}` to what fits."
        return note.warning(difference.item, message, step, override=difference.override)

    def _relationships(self, note: Notes) -> Iterator[Finding]:
        """Say when relationships, off because nobody had seen the endpoint, could be turned on."""
        profile, document = self._ipaas.settings.profile, self.documents.get("customers")
        if document is None or profile.relationships == "on":
            return
        if document.find("POST", profile.paths.relate) and document.find("GET", profile.paths.relationships):
            yield note.ok(
                "relationships",
                "They are off, and the service describes the calls for them.",
                'To relate new Customers to their Company, put into `api_profile`: {"relationships": "on"}',
                override={"relationships": "on"},
            )


def merged(base: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested overrides laid over each other."""
    result = dict(base)
    for other in others:
        for key, value in other.items():
            old = result.get(key)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            result[key] = merged(old, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return result
