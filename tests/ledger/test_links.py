"""Links: unique in both directions, saved only over the version that was read."""

from __future__ import annotations

from datetime import timedelta, timezone

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Link
from tests.ledger.support import NOW, SCOPE, a_link


def test_a_link_comes_back_whole_by_either_id(ledger: SqlLedger) -> None:
    link = a_link(
        "001A",
        "c1",
        salesforce_showing={"name": "Ünïted", "address": {"city": None}},
        ipaas_showing=None,
        flips={"name": ["a", "b"]},
        settled_at=NOW.astimezone(timezone(timedelta(hours=5))),
        settled_by="r1",
    )
    added = ledger.add_link(link)
    assert added is not None
    assert added.id is not None
    link.id = added.id
    assert ledger.links(SCOPE, "account", "salesforce", ["001A", "001B"]) == {"001A": link}
    assert ledger.links(SCOPE, "account", "ipaas", ["c1"]) == {"c1": link}
    assert ledger.links(SCOPE, "contact", "ipaas", ["c1"]) == {}
    assert ledger.links("elsewhere", "account", "ipaas", ["c1"]) == {}


def test_neither_id_can_be_linked_twice(ledger: SqlLedger) -> None:
    assert ledger.add_link(a_link("001A", "c1")) is not None
    assert ledger.add_link(a_link("001A", "c2")) is None
    assert ledger.add_link(a_link("001B", "c1")) is None
    assert ledger.add_link(a_link("001A", "c1")) is None
    assert ledger.count_links(SCOPE, "account") == 1
    assert ledger.count_links(SCOPE, "contact") == 0


def test_save_link_needs_the_version_that_was_read(ledger: SqlLedger) -> None:
    mine = ledger.add_link(a_link("001A", "c1"))
    theirs = ledger.links(SCOPE, "account", "salesforce", ["001A"])["001A"]
    assert mine is not None
    mine.state = "salesforce_deleted"
    assert ledger.save_link(mine) is True
    theirs.state = "merged"
    assert ledger.save_link(theirs) is False
    stored = ledger.links(SCOPE, "account", "salesforce", ["001A"])["001A"]
    assert (stored.state, stored.version) == ("salesforce_deleted", mine.version + 1)
    assert ledger.save_link(stored) is True


def test_a_link_follows_a_merge_unless_the_winner_is_linked(ledger: SqlLedger) -> None:
    first, second = ledger.add_link(a_link("001A", "c1")), ledger.add_link(a_link("001B", "c2"))
    assert first is not None
    assert second is not None
    with ledger.transaction():
        first.salesforce_id = "001C"
        assert ledger.save_link(first) is True
        second.salesforce_id = "001C"
        assert ledger.save_link(second) is False
        # The refusal did not spoil the transaction around it.
        ledger.set_fact(SCOPE, "after", 1)
    assert set(ledger.links(SCOPE, "account", "salesforce", ["001A", "001B", "001C"])) == {"001B", "001C"}
    assert ledger.fact(SCOPE, "after") == (1, NOW)


def test_thousands_of_ids_are_looked_up_at_once(ledger: SqlLedger) -> None:
    with ledger.transaction():
        for number in range(2_500):
            assert ledger.add_link(a_link(f"001{number:05}", f"c{number}")) is not None
    ids = [f"001{number:05}" for number in range(40_000)]
    assert len(ledger.links(SCOPE, "account", "salesforce", ids)) == 2_500
    assert ledger.links(SCOPE, "account", "salesforce", []) == {}


def test_links_are_walked_in_batches_while_others_are_added(ledger: SqlLedger) -> None:
    for number in range(5):
        ledger.add_link(a_link(f"001{number}", f"c{number}"))
    ledger.add_link(Link(SCOPE, "contact", "003A", "p1"))
    ledger.add_link(Link("elsewhere", "account", "001A", "c1"))
    walked: list[list[str]] = []
    for batch in ledger.walk_links(SCOPE, "account", batch=2):
        if not walked:
            ledger.add_link(a_link("0019", "c9"))
        walked.append([link.salesforce_id for link in batch])
    assert walked == [["0010", "0011"], ["0012", "0013"], ["0014", "0019"]]
    assert [link.ipaas_id for batch in ledger.walk_links(SCOPE, "contact") for link in batch] == ["p1"]
    first = next(ledger.walk_links(SCOPE, "account"))[0]
    assert first == ledger.links(SCOPE, "account", "salesforce", ["0010"])["0010"]


def test_a_batch_of_links_is_made_and_renewed_and_says_which(ledger: SqlLedger) -> None:
    assert ledger.put_links([a_link("001B", "c2"), a_link("001A", "c1")]) == {"001A", "001B"}
    mine = ledger.links(SCOPE, "account", "salesforce", ["001A", "001B"])
    theirs = ledger.links(SCOPE, "account", "salesforce", ["001A"])["001A"]
    theirs.state = "merged"
    assert ledger.save_link(theirs) is True
    for link in mine.values():
        link.salesforce_showing = {"name": "new"}
    # 001A was written by somebody else meanwhile, c2 has a link already, 001C is free.
    batch = [*mine.values(), a_link("001D", "c2"), a_link("001C", "c3", salesforce_showing={"name": "C"})]
    assert ledger.put_links(batch) == {"001B", "001C"}
    stored = ledger.links(SCOPE, "account", "salesforce", ["001A", "001B", "001C", "001D"])
    assert sorted(stored) == ["001A", "001B", "001C"]
    assert (stored["001A"].state, stored["001A"].salesforce_showing) != ("active", {"name": "new"})
    assert stored["001B"].salesforce_showing == {"name": "new"}
    assert stored["001B"].version == mine["001B"].version + 1
    assert stored["001C"].salesforce_showing == {"name": "C"}
    assert ledger.put_links([]) == set()


def test_put_links_never_moves_a_link_to_another_record(ledger: SqlLedger) -> None:
    link = ledger.add_link(a_link("001A", "c1"))
    assert link is not None
    link.ipaas_id = "c2"
    assert ledger.put_links([link]) == set()
    assert set(ledger.links(SCOPE, "account", "ipaas", ["c1", "c2"])) == {"c1"}
