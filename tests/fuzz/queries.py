"""SOQL, ids and DAG params: what goes into a query is a value and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args
from urllib.parse import quote as percent_encode

from hypothesis import strategies as st

from airflow_provider_ipaas.clients.salesforce import soql
from airflow_provider_ipaas.sandbox.salesforce.soql.parser import Comparison, parse_query
from airflow_provider_ipaas.sandbox.salesforce.soql.tokens import unescape
from airflow_provider_ipaas.sync.ids import PREFIX, split_record_ids
from airflow_provider_ipaas.sync.model import Collection
from airflow_provider_ipaas.sync.params import RunParams

from .target import Target, typed
from .values import JSON, LEAVES, TEXTS, mutated

# A literal may have 4,000 characters.
VALUES = TEXTS.map(lambda text: text[:3000])
COLLECTIONS = st.sampled_from(get_args(Collection))
IDS = st.one_of(
    TEXTS,
    st.text("0123456789abcABCZ", min_size=12, max_size=15).map("001".__add__),
    st.sampled_from(["001D000000IqhSLIAZ", "001D000000IqhSL", "003D000000IqhSL", "00QD000000IqhSL", "1234", "a-b"]),
)
# A day from either end, so that every zone has them.
CALENDAR = (datetime.min + timedelta(days=2), datetime.max - timedelta(days=2))  # noqa: DTZ901
PARAMS = {
    "direction": "both",
    "poll_days": 7,
    "record_ids": ["001D000000IqhSLIAZ", "1234"],
    "full": False,
    "max_creates": 1000,
    "allow_mass_change": False,
    "confirm_first_contact": False,
    "confirm_rebuild": False,
    "dry_run": False,
    "backfill": False,
    "requests_per_second": 2.5,
}


def literals(where: str) -> list[str]:
    """Return the strings that the sandbox's own parser finds in a condition; it must be one comparison."""
    condition = parse_query(f"SELECT Id FROM Account WHERE {where}").where
    assert isinstance(condition, Comparison), where
    return [unescape(token.text) for token in condition.values]


def kept(text: str) -> str:
    """Return the text without the characters that no field holds."""
    return "".join(c for c in text if (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff") or c in "\n\r\t\b\f")


def check_quoting(text: str) -> None:
    assert literals(f"Name = {soql.quote(text)}") == [kept(text)]


def check_in_clauses(values: list[str]) -> None:
    clauses = list(soql.in_clauses("Name", values, max_bytes=200))
    found = [literals(clause) for clause in clauses]
    assert [text for part in found for text in part] == list(dict.fromkeys(map(kept, values)))
    for clause, part in zip(clauses, found, strict=True):
        assert len(part) == 1 or len(percent_encode(clause, safe="")) <= 200 + len(percent_encode("Name IN ()"))


def check_names(text: str) -> None:
    name = typed(lambda: soql.name(text), ValueError)
    assert name is None or (name.isascii() and name.replace("_", "").isalnum() and name[0].isalpha())
    whole = typed(lambda: soql.id18(text), ValueError)
    assert whole is None or (len(whole) == 18 and whole.isascii() and whole.isalnum() and soql.same_id(whole, text))


def check_stamps(moment: Any) -> None:
    literal = typed(lambda: soql.datetime_literal(moment), ValueError)
    assert literal is None or parse_query(f"SELECT Id FROM Account WHERE SystemModstamp >= {literal}").where


def check_ids(drawn: tuple[Any, Collection]) -> None:
    values, collection = drawn
    split = typed(lambda: split_record_ids(values, collection))
    if split is not None:
        salesforce, ipaas = split
        assert all(soql.id18(value) == value and value.startswith(PREFIX[collection]) for value in salesforce)
        assert all(0 < len(value) <= 64 and value.isascii() and value.replace("-", "a").isalnum() for value in ipaas)


def check_params(drawn: tuple[Any, Collection]) -> None:
    params, collection = drawn
    parsed = typed(lambda: RunParams.parse(params, collection))
    if parsed is not None:
        assert parsed.direction in ("both", "to_ipaas", "to_salesforce")
        assert parsed.poll_days is None or 1 <= parsed.poll_days <= 3650
        assert parsed.max_creates is None or parsed.max_creates >= 0
        flags = (
            parsed.full,
            parsed.allow_mass_change,
            parsed.confirm_first_contact,
            parsed.confirm_rebuild,
            parsed.dry_run,
            parsed.backfill,
        )
        assert parsed.requests_per_second is None or parsed.requests_per_second > 0
        assert {type(flag) for flag in flags} == {bool}


TARGETS = [
    Target("soql-quoting", VALUES, check_quoting),
    Target("soql-in-clauses", st.lists(VALUES, max_size=12), check_in_clauses),
    Target("soql-names-and-ids", st.one_of(TEXTS, IDS), check_names),
    Target(
        "soql-stamps",
        st.datetimes(*CALENDAR, timezones=st.none() | st.timezones()),
        check_stamps,
    ),
    Target(
        "record-ids", st.tuples(st.one_of(st.lists(st.one_of(IDS, LEAVES), max_size=5), JSON), COLLECTIONS), check_ids
    ),
    Target("dag-params", st.tuples(mutated(PARAMS).filter(lambda p: isinstance(p, dict)), COLLECTIONS), check_params),
]
