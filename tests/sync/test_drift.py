"""What reconcile says of pairs and of records alone, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape
from airflow_provider_ipaas.sync.drift import (
    Finding,
    Known,
    Pair,
    judge_ipaas_alone,
    judge_pair,
    judge_salesforce_alone,
    showings_agree,
)
from airflow_provider_ipaas.sync.keys import content_hash
from airflow_provider_ipaas.sync.model import Item, Link, Seen, Unresolved

MAPPING = CollectionMapping(
    "account", (FieldRule("name", "text", "Name", "name"), FieldRule("fax", "text", "Fax", "fax_number")), IPaaSShape()
)
SALESFORCE, IPAAS = "001000000000001AAA", "1"


def here(name: str | None = "a", fax: str | None = None, **more: Any) -> Item:
    hash_ = content_hash({"name": name, "fax": fax})
    return Item("account", "salesforce", SALESFORCE, record={"Name": name, "Fax": fax}, content_hash=hash_, **more)


def there(name: str | None = "a", fax: str | None = None, **more: Any) -> Item:
    hash_ = content_hash({"name": name, "fax": fax})
    more = {"external_id": SALESFORCE, **more}
    return Item("account", "ipaas", IPAAS, record={"name": name, "fax_number": fax}, content_hash=hash_, **more)


def waits(reason: str, direction: Any = "to_ipaas", **more: Any) -> Unresolved:
    return Unresolved("s", "account", direction, SALESFORCE, reason, **more)


def judged(
    salesforce: Item | None,
    ipaas: Item | None,
    *,
    before: Any = ("a", "a"),
    state: Any = "active",
    known: tuple[Known, Known] = (Known(), Known()),
) -> list[Finding]:
    shown = [{"name": before[0], "fax": None}, {"name": before[1], "fax": None}] if before else [{}, {}]
    link = Link("s", "account", SALESFORCE, IPAAS, *shown, state)
    return judge_pair(MAPPING, Pair(link, salesforce, ipaas, *known))


@pytest.mark.parametrize(
    ("salesforce", "ipaas", "expected"),
    [
        (here(), there(), []),
        (here("b"), there(), [Finding("changed_in_salesforce", ("to_ipaas",))]),
        (here(), there("b"), [Finding("changed_in_ipaas", ("to_salesforce",))]),
        (here("b"), there("c"), [Finding("changed_in_both", ("to_ipaas",))]),
        (here("b"), there(fax="c"), [Finding("changed_in_both", ("to_ipaas", "to_salesforce"))]),
        (here(None), there(), [Finding("differs_as_agreed")]),
        (here(), there(external_id=None), [Finding("external_id_missing", owes_external_id=True)]),
        (here(), there(external_id="another"), [Finding("external_id_differs")]),
        (here(external_id="another"), there(), [Finding("external_id_differs")]),
        (here(external_id=IPAAS), there(), []),
    ],
)
def test_a_living_pair(salesforce: Item, ipaas: Item, expected: list[Finding]) -> None:
    assert judged(salesforce, ipaas) == expected
    assert all(finding.is_drift is (finding.cause != "differs_as_agreed") for finding in expected)


def test_a_pair_that_has_agreed_on_nothing() -> None:
    assert judged(here(), there("b"), before=None) == [Finding("never_agreed", ("to_ipaas",))]


@pytest.mark.parametrize(
    ("salesforce", "ipaas", "state", "expected"),
    [
        (here(), there(), "merged", Finding("merged_duplicate")),
        (here(), there(), "ipaas_deleted", Finding("undeleted", ("to_ipaas",))),
        (None, there(), "salesforce_deleted", Finding("deleted")),
        (here(missing="deleted"), there(), "salesforce_deleted", Finding("deleted")),
        (here(), None, "ipaas_deleted", Finding("deleted")),
        (here(missing="deleted"), there(), "active", Finding("deleted_in_salesforce", ("to_ipaas",))),
        (here(missing="merged"), there(), "active", Finding("merged_in_salesforce", ("to_ipaas",))),
        (None, there(), "active", Finding("not_visible_in_salesforce")),
        (here(), None, "active", Finding("deleted_in_ipaas", ("to_ipaas",))),
    ],
)
def test_deleted_merged_and_hidden_records(
    salesforce: Item | None, ipaas: Item | None, state: str, expected: Finding
) -> None:
    assert judged(salesforce, ipaas, state=state) == [expected]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((Known(waiting=waits("conflict")), Known()), Finding("waiting:conflict")),
        ((Known(), Known(waiting=waits("flip_flop"))), Finding("waiting:flip_flop")),
        ((Known(coming=True), Known()), Finding("pending")),
        ((Known(dropped=True), Known()), Finding("skipped:dropped")),
        # The next run lists iPaaS.com, and compares only what moved there.
        ((Known(), Known(coming=True)), Finding("changed_in_salesforce", ("to_ipaas",))),
    ],
)
def test_what_explains_a_difference(known: tuple[Known, Known], expected: Finding) -> None:
    assert judged(here("b"), there(), known=known) == [expected]


def test_what_waits_explains_a_record_that_is_not_visible() -> None:
    known = (Known(waiting=waits("target_not_visible")), Known())
    assert judged(None, there(), known=known) == [Finding("waiting:target_not_visible")]


@pytest.mark.parametrize("carried", [None, "another"])
def test_an_external_id_that_is_owed_waits(carried: str | None) -> None:
    known = (Known(waiting=waits("external_id_missing")), Known())
    assert judged(here(), there(external_id=carried), known=known) == [Finding("waiting:external_id_missing")]


@pytest.mark.parametrize(
    ("known", "is_older", "expected"),
    [
        (Known(waiting=waits("conflict")), False, Finding("waiting:conflict")),
        (Known(coming=True), False, Finding("pending")),
        (Known(dropped=True), False, Finding("skipped:dropped")),
        (Known(), True, Finding("older_than_first_run")),
        (Known(seen=Seen(SALESFORCE)), True, Finding("missed_in_salesforce", ("to_ipaas",))),
        (Known(), False, Finding("missed_in_salesforce", ("to_ipaas",))),
    ],
)
def test_a_salesforce_record_alone(known: Known, expected: Finding, *, is_older: bool) -> None:
    assert judge_salesforce_alone(MAPPING, here(), known, is_older=is_older) == expected


def test_a_person_account_alone_is_skipped() -> None:
    person = Item("account", "salesforce", SALESFORCE, record={"IsPersonAccount": True})
    assert judge_salesforce_alone(person, Known(), is_older=False) == Finding("skipped:person_account")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Known(waiting=waits("conflict", "to_salesforce")), Finding("waiting:conflict")),
        (Known(coming=True), Finding("pending")),
        (Known(dropped=True), Finding("skipped:dropped")),
        (Known(seen=Seen("1", baseline=True)), Finding("before_first_contact")),
        (Known(seen=Seen("1", fate="skipped:before_first_contact")), Finding("before_first_contact")),
        (Known(seen=Seen("1", fate="unchanged")), Finding("missed_in_ipaas", ("to_salesforce",))),
        (Known(), Finding("missed_in_ipaas", ("to_salesforce",))),
    ],
)
def test_a_record_of_ipaas_alone(known: Known, expected: Finding) -> None:
    assert judge_ipaas_alone(known) == expected


def test_a_link_whose_sides_say_the_same() -> None:
    assert showings_agree(MAPPING, Link("s", "account", "a", "1", {"name": "a"}, {"name": "a"}))
    assert not showings_agree(MAPPING, Link("s", "account", "a", "1", {"name": "a"}, {"name": "b"}))
    assert showings_agree(MAPPING, Link("s", "account", "a", "1"))
