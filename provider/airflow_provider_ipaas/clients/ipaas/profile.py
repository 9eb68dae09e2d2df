"""The API profile: paths, names and switches of the iPaaS.com API as data, with what a connection overrides."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from airflow_provider_ipaas.errors import ConfigurationError

Sure = Literal["confirmed", "inferred", "unknown"]
AddressPart = Literal[
    "first_name",
    "last_name",
    "company",
    "phone_number",
    "address_1",
    "address_2",
    "address_3",
    "city",
    "region",
    "country",
    "postal_code",
]

_NEXT_STEP = "Correct the connection's field `api_profile`, or take the item out to use the default."
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Fact:
    """One item of the shipped profile: its default, how sure it is, and where that is known from."""

    value: Any
    sure: Sure
    source: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BasePaths(_Part):
    """Base path of each API under the connection's base URL."""

    sso: str
    customers: str
    subscriptions: str


class Paths(_Part):
    """Path templates, each under the base path of its API."""

    login: str
    refresh: str
    user_companies: str
    change_company: str
    customer: str
    customer_create: str
    customer_update: str
    customers: str
    company: str
    company_create: str
    company_update: str
    companies: str
    external_id_of: str
    record_with_external_id: str
    set_external_id: str
    tables: str
    subscriptions: str
    subscription: str
    relationships: str
    relate: str


class QueryNames(_Part):
    """Names of query parameters."""

    action: str = Field(min_length=1)
    equals: str = Field(min_length=1)
    customer_email: str = Field(min_length=1)
    company_name: str = Field(min_length=1)
    page_number: str = Field(min_length=1)
    page_size: str | None
    tracking_guid: str = Field(min_length=1)


class Paging(_Part):
    """How a list tells its pages."""

    header: str = Field(min_length=1)
    current: str = Field(min_length=1)
    total: str = Field(min_length=1)
    first_page: int = Field(ge=0, le=1)
    page_size: int = Field(ge=1, le=10_000)
    max_pages: int = Field(ge=1, le=1_000_000)


class Arrays(_Part):
    """Names of the arrays nested in a record."""

    addresses: str = Field(min_length=1)
    custom_fields: str = Field(min_length=1)
    external_ids: str = Field(min_length=1)


class FieldNames(_Part):
    """Names of the record fields the client itself looks at."""

    customer_email: str = Field(min_length=1)
    company_name: str = Field(min_length=1)
    updated: str = Field(min_length=1)
    created: str = Field(min_length=1)


class TableNames(_Part):
    """`table_name` of the external-id calls; None is looked up among the service's tables."""

    customer: str | None
    company: str | None


class MappingCollectionTypes(_Part):
    """Numbers under which the tables of both kinds are listed."""

    customer: int = Field(ge=1)
    company: int = Field(ge=1)


class RelationshipFields(_Part):
    """Field names of a relationship."""

    customer_id: str = Field(min_length=1)
    related_to_id: str = Field(min_length=1)
    related_to_type: str = Field(min_length=1)


class Profile(_Part):
    """The effective API profile: the shipped defaults with a connection's overrides on top."""

    base_paths: BasePaths
    paths: Paths
    update_method: Literal["PUT", "PATCH", "POST"]
    query: QueryNames
    paging: Paging
    arrays: Arrays
    field_names: FieldNames
    server_fields: tuple[str, ...] = Field(strict=False)
    table_names: TableNames
    mapping_collection_types: MappingCollectionTypes
    put: Literal["replace", "merge"]
    list_rows: Literal["auto", "short", "whole"]
    addresses: Literal["nested", "off"]
    external_ids_on_write: Literal["auto", "nested", "endpoint"]
    external_ids_on_read: Literal["auto", "nested", "lookup"]
    relationships: Literal["off", "on"]
    relationship_type: str = Field(min_length=1)
    relationship_fields: RelationshipFields
    address_required: tuple[AddressPart, ...] = Field(strict=False)
    company_address_first_name: str = Field(min_length=1)
    company_address_last_name: str = Field(min_length=1)

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Profile:
        """Return the shipped profile with *overrides* on top; a wrong one raises `ConfigurationError` naming its key."""
        values = _defaults()
        _merge(values, overrides or {}, ())
        try:
            profile = cls.model_validate(values)
        except ValidationError as error:
            raise _wrong_item(error) from None
        _check_paths(profile)
        return profile

    @property
    def fingerprint(self) -> str:
        """A short stable hash of every effective value: the same profile has the same one on every machine."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def overrides(self) -> dict[str, Any]:
        """Return what differs from the shipped profile, in the form that `load` takes."""
        effective: dict[str, Any] = {}
        dumped = self.model_dump(mode="json")
        for path, fact in facts().items():
            *parents, last = path.split(".")
            node = dumped
            for parent in parents:
                node = node[parent]
            if node[last] != fact.value:
                target = effective
                for parent in parents:
                    target = target.setdefault(parent, {})
                target[last] = node[last]
        return effective

    @property
    def nested_arrays(self) -> tuple[str, ...]:
        """The arrays a whole record must carry."""
        arrays = self.arrays
        wanted = {
            arrays.addresses: self.addresses == "nested",
            arrays.custom_fields: True,
            arrays.external_ids: self.external_ids_on_read == "nested",
        }
        return tuple(name for name, needed in wanted.items() if needed)


@cache
def _document() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("profile.yaml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    if not isinstance(loaded, dict):
        raise ConfigurationError("The shipped API profile is not a mapping.", next_step="Install the package again.")
    return loaded


@cache
def facts() -> dict[str, Fact]:
    """Return every item of the shipped profile by its dotted name, with its certainty and source."""
    found: dict[str, Fact] = {}

    def walk(node: Mapping[str, Any], path: str) -> None:
        if "sure" in node:
            found[path] = Fact(node["value"], node["sure"], node["source"])
            return
        for name, child in node.items():
            walk(child, f"{path}.{name}" if path else name)

    walk(_document(), "")
    return found


def _defaults() -> dict[str, Any]:
    values: dict[str, Any] = {}
    for path, fact in facts().items():
        node = values
        *parents, last = path.split(".")
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = list(fact.value) if isinstance(fact.value, list) else fact.value
    return values


def _merge(values: dict[str, Any], overrides: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for key, value in overrides.items():
        if key not in values:
            raise _unknown_item(".".join((*path, str(key))), path, values)
        if isinstance(values[key], dict):
            if not isinstance(value, Mapping):
                raise ConfigurationError(
                    f"The API profile's `{'.'.join((*path, key))}` is a group of items "
                    f"({', '.join(sorted(values[key]))}); a JSON object is needed.",
                    next_step=_NEXT_STEP,
                )
            _merge(values[key], value, (*path, key))
        else:
            values[key] = value


def _unknown_item(name: str, path: tuple[str, ...], values: Mapping[str, Any]) -> ConfigurationError:
    where = f"Under `{'.'.join(path)}` it knows" if path else "It knows"
    return ConfigurationError(
        f"The API profile has no item `{name}`. {where}: {', '.join(sorted(values))}.", next_step=_NEXT_STEP
    )


def _wrong_item(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return ConfigurationError(f"The API profile's `{name}` is wrong: {first['msg']}.", next_step=_NEXT_STEP)


def _check_paths(profile: Profile) -> None:
    """Refuse what could leave the connection's host, and templates with other placeholders than the shipped ones."""
    for group in ("base_paths", "paths"):
        for key, value in getattr(profile, group).model_dump().items():
            name = f"{group}.{key}"
            if _leaves_base(value):
                raise ConfigurationError(
                    f"The API profile's `{name}` must be a path relative to the connection's base URL, not {value!r}.",
                    next_step=_NEXT_STEP,
                )
            if (wanted := _placeholders(str(facts()[name].value))) != _placeholders(value):
                needed = ", ".join(f"{{{part}}}" for part in sorted(wanted or ())) or "none"
                raise ConfigurationError(
                    f"The API profile's `{name}` must hold these placeholders, each once: {needed}. It is {value!r}.",
                    next_step=_NEXT_STEP,
                )


def _leaves_base(path: str) -> bool:
    segments = path.split("/")
    odd = any(mark in path for mark in ("\\", "?", "#", "//", "%")) or any(ord(char) <= 32 for char in path)
    return odd or bool(_SCHEME.match(path)) or "." in segments or ".." in segments


def _placeholders(template: str) -> list[str] | None:
    try:
        parsed = list(Formatter().parse(template))
    except ValueError:
        return None
    if any(spec or conversion for _, _, spec, conversion in parsed):
        return None
    return sorted(name for _, name, _, _ in parsed if name is not None)
