"""A mapping held against itself, before anything runs: mistakes in its files, and what loads but may surprise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping.collection import CollectionMapping
from airflow_provider_ipaas.mapping.loading import load_mapping
from airflow_provider_ipaas.mapping.rules import Collection, FieldRule, IPaaSShape

# Values that conversions are tried with: names, codes, numbers, dates, phones, both words of a checkbox.
_SAMPLES = (
    *("Acme Ltd.", "a;b", "x", "007", "1E5", "12.50", "true", "No", "2026-12-31", "2026-12-31T10:00:00Z", "31/12/2026"),
    *("(512) 555-0100", "+15125550100", "US", "United States", "TX", "Texas", "ann@example.com", "https://example.com"),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know of a mapping; *subject* is a field with file and line, or a collection."""

    status: Literal["ok", "warning", "error"]
    subject: str
    message: str
    next_step: str = ""


def check_collections(
    collection: Collection | None, mapping_dir: str | Path | None, *, default_mappings: bool, placement: IPaaSShape
) -> list[Remark]:
    """Check one collection, or both where None is named."""
    chosen: tuple[Collection, ...] = ("account", "contact") if collection is None else (collection,)
    return [
        remark
        for each in chosen
        for remark in check(each, mapping_dir, default_mappings=default_mappings, placement=placement)
    ]


def has_errors(remarks: Iterable[Remark]) -> bool:
    """Tell whether something has to be mended before the mapping can be used."""
    return any(remark.status == "error" for remark in remarks)


def check(
    collection: Collection, mapping_dir: str | Path | None, *, default_mappings: bool, placement: IPaaSShape
) -> Iterator[Remark]:
    """Load a collection as a run would and say what is wrong with it, or may surprise. Raises nothing for either."""
    try:
        mapping = load_mapping(collection, mapping_dir, default_mappings=default_mappings, placement=placement)
    except ConfigurationError as error:
        yield Remark("error", collection, error.message, error.next_step)
        return
    warnings = [remark for rule in mapping.fields for remark in _round_trip(mapping, rule)]
    warnings += _unnoticed(mapping)
    yield Remark("ok", collection, f"It can be used, with {len(mapping.fields)} fields.")
    yield from warnings


def _round_trip(mapping: CollectionMapping, rule: FieldRule) -> Iterator[Remark]:
    """Try values there and back: where they come back as others, both sides may hold different words for one thing."""
    if rule.direction != "both" or not (rule.to_ipaas or rule.to_salesforce or rule.table):
        return
    table = rule.table
    samples = [here for here, _ in table.pairs] if table else list(_SAMPLES)
    for value in samples:
        there = mapping.to_ipaas(rule.key, value)
        back = mapping.to_salesforce(rule.key, there.value) if there.value is not None else there
        if there.value is None or back.value == value:
            continue
        again = mapping.to_ipaas(rule.key, back.value) if back.value is not None else back
        came = f"comes back as {back.value!r}" if back.value is not None else "can't come back"
        settled = again.value == there.value
        yield Remark(
            "warning",
            _place(rule),
            f"It goes both ways, and what goes over does not come back: {value!r} becomes {there.value!r} and {came}. "
            + ("An edit in iPaaS.com brings that form to Salesforce." if settled else "Each edit may change it again."),
            "Give the way back the opposite expression, one line for each value, or let the field go one way (`direction`).",
        )
        return


def _unnoticed(mapping: CollectionMapping) -> Iterator[Remark]:
    """Find what filters read of Companies and nothing compares: without a stamp such a change is not noticed."""
    if mapping.collection != "account" or not mapping.filters.expressions("ipaas"):
        return
    mapped = {("custom", rule.ipaas) if rule.ipaas_custom else (rule.ipaas,) for rule in mapping.fields}
    mapped |= {
        (str(rule.ipaas), path[1]) for rule in mapping.fields for path in mapping.paths("ipaas") if len(path) == 2
    }
    for path in sorted(mapping.paths("ipaas") - mapped):
        yield Remark(
            "warning",
            "filters of account",
            f"They read {'.'.join(path)!r} of a Company and no field maps it: Companies have no time stamp, so a change of it "
            "alone is not noticed.",
            "Map it as well, to_salesforce, or filter in Salesforce.",
        )


def _place(rule: FieldRule) -> str:
    return f"{rule.key} ({rule.file}, line {rule.line})" if rule.line else rule.key
