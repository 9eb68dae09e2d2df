"""The shape of a mapping file, and its errors said with their place in the file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from airflow_provider_ipaas.mapping.problems import Problem, meant, refuse
from airflow_provider_ipaas.mapping.rules import (
    BlankRule,
    ConflictPolicy,
    Direction,
    ErrorRule,
    LengthRule,
    Purpose,
    ValueType,
)
from airflow_provider_ipaas.mapping.source import Document
from airflow_provider_ipaas.mapping.tables import Unmapped
from airflow_provider_ipaas.mapping.vocabulary import INSTEAD


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _End(_Part):
    """One side of a field: a plain word is short for ``{field: word}``; exactly one key is given."""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data: Any) -> Any:
        return {"field": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _exactly_one(self) -> _End:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            keys = ", ".join(type(self).model_fields)
            raise PydanticCustomError("exactly_one", "exactly one of {keys} is needed.", {"keys": keys})
        return self


class SalesforceEnd(_End):
    """A field or path of Salesforce, an address by the prefix of its fields, or an expression over the record."""

    field: str | None = None
    address: str | None = None
    expression: str | None = None


class IPaaSEnd(_End):
    """A field of iPaaS.com (built-in, custom), an address by its purpose, its phone, or an expression."""

    field: str | None = None
    custom_field: str | None = None
    address: Purpose | None = None
    phone_of: Purpose | None = None
    expression: str | None = None


class DefaultSpec(_Part):
    """What each side gets for a value that a table does not hold."""

    salesforce: str | None = None
    ipaas: str | None = None


class TranslateSpec(_Part):
    """A translation table: here, or in a CSV file beside the mapping file."""

    values: dict[str, str] | None = None
    file: str | None = None
    unmapped: Unmapped = "refuse"
    default: DefaultSpec = DefaultSpec()


class FiltersSpec(_Part):
    """Which source records go in each direction."""

    to_ipaas: str | None = None
    to_salesforce: str | None = None


class ErrorFilterSpec(_Part):
    """Records that wait for a person, and what the person is told."""

    when: str
    message: str


class ErrorFiltersSpec(_Part):
    """The error filters of each direction."""

    to_ipaas: list[ErrorFilterSpec] = Field(default_factory=list)
    to_salesforce: list[ErrorFilterSpec] = Field(default_factory=list)


class FieldSpec(_Part):
    """What a file says of one field; what it leaves out comes from the default of the same key."""

    enabled: StrictBool = True
    salesforce: SalesforceEnd | None = None
    ipaas: IPaaSEnd | None = None
    constant: str | None = None
    direction: Direction | None = None
    on_create_only: StrictBool = False
    blank: BlankRule = "keep"
    conflict: ConflictPolicy = "salesforce_wins"
    type: ValueType = "text"
    placeholder: str | None = None
    to_ipaas: str | None = None
    to_salesforce: str | None = None
    translate: TranslateSpec | None = None
    on_error: ErrorRule = "fail"
    max_length: StrictInt | None = Field(default=None, ge=1, le=131_072)
    too_long: LengthRule = "refuse"

    def overlaid_by(self, other: FieldSpec) -> FieldSpec:
        """Return this rule with everything that *other* says itself."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})


class MappingFile(_Part):
    """A whole mapping file."""

    version: Literal[1]
    fields: dict[str, FieldSpec] = Field(default_factory=dict)
    filters: FiltersSpec = FiltersSpec()
    error_filters: ErrorFiltersSpec = ErrorFiltersSpec()


def validate_document(document: Document) -> MappingFile:
    """Check the shape of a file; raise `ConfigurationError` listing everything that does not fit."""
    try:
        return MappingFile.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        refuse(_problem(document, details) for details in error.errors(include_url=False))


_PARTS: dict[str, type[BaseModel]] = {
    **{"salesforce": SalesforceEnd, "ipaas": IPaaSEnd, "translate": TranslateSpec, "default": DefaultSpec},
    **{"filters": FiltersSpec, "error_filters": ErrorFiltersSpec},
}


def _problem(document: Document, details: ErrorDetails) -> Problem:
    path = details["loc"]
    what, mend = _explain(path, details)
    return Problem(document.file, *document.where(path), what, mend)


def _explain(path: tuple[str | int, ...], details: ErrorDetails) -> tuple[str, str]:
    """Say what is wrong and what to write instead."""
    name, kind, given = str(path[-1]) if path else "", details["type"], details["input"]
    if kind == "extra_forbidden":
        return _unknown_key(path, name)
    if kind == "missing" and name != "version":
        return f"{name!r} is missing.", "An error filter has `when`, an expression, and `message`, a text for people."
    if kind == "list_type":
        return f"{name!r} must be a list.", "Write `- when: ...` and `message: ...` below it."
    if kind in ("int_type", "greater_than_equal", "less_than_equal"):
        return f"{name!r} is {given!r}.", "Write a whole number from 1 to 131072."
    if kind == "missing":
        return f"{name!r} is missing.", "Write `version: 1` at the top of the file."
    if kind == "literal_error" and name == "version":
        return f"version {given!r} is not known.", "This release reads `version: 1`."
    if kind == "literal_error":
        known = [word.strip(" '") for word in details["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{given!r} is no value of {name!r}.", meant(str(given), known)
    if kind == "bool_type":
        return f"{name!r} is {given!r}.", "Write true or false, without quotes."
    is_word = kind == "string_type" or name in ("salesforce", "ipaas")
    if is_word and isinstance(given, bool | int | float):
        return f"{name!r} must be text; it was read as {given!r}.", "Put it in quotes."
    if kind == "string_type":
        return f"{name!r} must be text.", "Write one word, or text in quotes."
    if kind == "exactly_one":
        return f"{name!r}: {details['msg']}", "Keep one of them; a plain word is short for `{field: word}`."
    place = f"{name!r}" if path else "the file"
    return f"{place} must hold keys and values.", "Write `key: value` pairs below it, or in braces."


def _unknown_key(path: tuple[str | int, ...], name: str) -> tuple[str, str]:
    if name in INSTEAD:
        return f"the key {name!r} is not known here.", INSTEAD[name]
    if len(path) == 1:
        model: type[BaseModel] = MappingFile
    elif path[0] == "fields":
        model = FieldSpec if len(path) == 3 else _PARTS[str(path[-2])]
    else:
        model = ErrorFilterSpec if isinstance(path[-2], int) else _PARTS[str(path[0])]
    return f"the key {name!r} is not known here.", meant(name, list(model.model_fields))
