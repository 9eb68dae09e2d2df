"""The numbers of a match report: right for every way in which records can belong together, and cheap for many."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Collection, Link, Matches, Seen, Side
from tests.ledger.support import SCOPE, a_link, an_item
from tests.simulation.matching import matching

SIDES: tuple[Side, Side] = ("salesforce", "ipaas")
MIB = 1024 * 1024
keys = st.sampled_from((None, "a", "b", "c"))
people = st.lists(st.tuples(keys, keys), max_size=7)


def numbers(found: Matches) -> tuple[int, ...]:
    return (
        found.linked,
        found.one_to_one,
        found.one_to_many,
        found.many_to_one,
        found.salesforce_alone,
        found.ipaas_alone,
    )


def see(ledger: SqlLedger, collection: Collection, side: Side, *rows: Seen) -> None:
    ledger.save_seen(SCOPE, collection, side, rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people, people, st.integers(0, 2))
def test_names_and_numbers_count_like_every_pair_looked_at(
    ledger: SqlLedger,
    here: list[tuple[str | None, str | None]],
    there: list[tuple[str | None, str | None]],
    linked: int,
) -> None:
    ours = [Seen(f"S{n}", name_key=name, number_key=number) for n, (name, number) in enumerate(here)]
    theirs = [Seen(f"I{n}", name_key=name, number_key=number) for n, (name, number) in enumerate(there)]
    pairs = {(a.record_id, b.record_id) for a, b in zip(ours[:linked], theirs[:linked], strict=False)}
    scope = f"{SCOPE}/{len(here)}/{hash((tuple(here), tuple(there), linked))}"
    ledger.save_seen(scope, "account", "salesforce", ours)
    ledger.save_seen(scope, "account", "ipaas", theirs)
    for pair in pairs:
        ledger.add_link(replace(a_link(*pair), scope=scope))
    assert ledger.matches(scope, "account", None) == matching("account", pairs, ours, theirs, 10)


def test_contacts_match_by_email(ledger: SqlLedger) -> None:
    see(ledger, "contact", "salesforce", Seen("S1", email_key="a"), Seen("S2", email_key="b"), Seen("S3"))
    see(ledger, "contact", "ipaas", Seen("I1", email_key="a"), Seen("I2", email_key="b"), Seen("I3", email_key="b"))
    assert numbers(ledger.matches(SCOPE, "contact", None)) == (0, 1, 1, 0, 1, 0)


def test_what_the_sync_skips_is_no_match(ledger: SqlLedger) -> None:
    see(ledger, "contact", "salesforce", Seen("S1", email_key="a", fate="skipped:contact_without_account"))
    see(ledger, "contact", "ipaas", Seen("I1", email_key="a"), Seen("I2", email_key="a", fate="skipped:source_deleted"))
    assert numbers(ledger.matches(SCOPE, "contact", None)) == (0, 0, 0, 0, 0, 1)


def test_the_baseline_is_matched(ledger: SqlLedger) -> None:
    see(ledger, "account", "salesforce", Seen("S1", name_key="a"))
    see(ledger, "account", "ipaas", Seen("I1", name_key="a", fate="skipped:before_first_contact"))
    assert numbers(ledger.matches(SCOPE, "account", None)) == (0, 1, 0, 0, 0, 0)


def test_dead_links_count_for_nothing(ledger: SqlLedger) -> None:
    ledger.add_link(a_link("S1", "I1"))
    ledger.add_link(Link(SCOPE, "account", "S2", "I2", state="salesforce_deleted"))
    assert ledger.matches(SCOPE, "account", None).linked == 1


def test_a_dry_run_stands_for_what_it_would_have_made(ledger: SqlLedger) -> None:
    see(ledger, "account", "salesforce", Seen("S0", name_key="a"))
    see(ledger, "account", "ipaas", Seen("I1", name_key="a"), Seen("I2", name_key="b"), Seen("I3"))
    ledger.add_items(
        "r1",
        [
            an_item("S1", name_key="z", link_to="I1"),
            an_item("S2", name_key="b"),
            an_item("S3", name_key="b", role="candidate"),
            an_item("S4", missing="deleted"),
            an_item("S5", outcome="skipped", state="done"),
        ],
    )
    found = ledger.matches(SCOPE, "account", "r1")
    assert numbers(found) == (1, 1, 0, 0, 0, 1)
    assert found.examples["linked"] == [(("S1",), ("I1",))]
    assert found.examples["one_to_one"] == [(("S2",), ("I2",))]


def test_examples_are_few_and_in_order(ledger: SqlLedger) -> None:
    see(ledger, "contact", "salesforce", *(Seen(f"S{n:02}", email_key="a") for n in range(30)), Seen("S99"))
    see(ledger, "contact", "ipaas", Seen("I1", email_key="a"))
    found = ledger.matches(SCOPE, "contact", None, examples=3)
    assert found.many_to_one == 1
    assert found.examples["many_to_one"] == [(("S00", "S01", "S02", "S03", "S04"), ("I1",))]
    assert found.examples["salesforce_alone"] == [(("S99",), ())]


@pytest.mark.parametrize("shared", [False, True], ids=["keys-of-their-own", "one-key-for-all"])
def test_many_records_are_counted_without_holding_them(ledger: SqlLedger, shared: bool) -> None:
    """One e-mail on 20,000 records of each side is 400 million pairs: they are counted, not made."""
    count = 20_000
    for side in SIDES:
        rows = [Seen(f"{side}{n}", email_key="same" if shared else f"mail{n}") for n in range(count)]
        see(ledger, "contact", side, *rows)
        del rows
    tracemalloc.start()
    found = ledger.matches(SCOPE, "contact", None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers(found) == ((0, 0, count, count, 0, 0) if shared else (0, count, 0, 0, 0, 0))
    assert peak < 2 * MIB
