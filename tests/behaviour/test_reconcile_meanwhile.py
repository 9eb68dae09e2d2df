"""Reconcile beside other work: what changes while pages are read is no drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_ipaas.sync.drift_report import DriftReport
from airflow_provider_ipaas.sync.reconcile import reconcile
from tests.behaviour.comparing import compare, drift, edit_late, explained, pass_days, settled
from tests.behaviour.world import account, company, edit_company, edit_salesforce, link_of, partner
from tests.support.rig import Rig


class Interrupted:
    """The client of iPaaS.com, with something that happens once in the middle of its work."""

    def __init__(self, client: Any, method: str, work: Callable[[], object], after_rows: int) -> None:
        self._client, self._method, self._work, self._left = client, method, work, after_rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list(self, kind: Any) -> Iterator[Any]:
        if self._method == "list" and not self._left:
            self._happen()
        for row in self._client.list(kind):
            yield row
            self._left -= 1
            if self._method == "list" and not self._left:
                self._happen()

    def get(self, kind: Any, record_id: str) -> Any:
        found = self._client.get(kind, record_id)
        if self._method == "get":
            self._happen()
        return found

    def _happen(self) -> None:
        work, self._work = self._work, lambda: None
        work()


def compare_while(rig: Rig, work: Callable[[], object], *, at: str = "list", after_rows: int = 0) -> DriftReport:
    """Compare the Accounts; *work* is done once Salesforce has been streamed, or at the first read by id."""
    sync = rig.sync("account", "weekly", {})
    connect = sync.connect_ipaas
    report = DriftReport("account", "weekly")
    reconcile(replace(sync, connect_ipaas=lambda: Interrupted(connect(), at, work, after_rows)), report)
    return report


def test_edits_between_the_two_services_are_no_drift(either: Rig) -> None:
    ours, theirs = settled(either)
    other = account(either)
    either.run("account").ok  # noqa: B018

    def edits() -> None:
        edit_salesforce(either, ours, Phone="1")
        edit_company(either, theirs, url="https://new.example.com")
        edit_company(either, partner(either, "account", other), url="https://other.example.com")

    report = compare_while(either, edits)

    assert (drift(report), explained(report)) == ({}, {"pending": 2})


def test_a_run_between_the_two_services_is_no_drift(either: Rig) -> None:
    ours, _ = settled(either)

    def work() -> None:
        edit_salesforce(either, ours, Phone="1")
        account(either, "New")
        either.run("account").ok  # noqa: B018

    report = compare_while(either, work)

    # The new pair was in no page of Salesforce: its link asked for it.
    assert (drift(report), report.linked, report.summary()["in_step"]) == ({}, 2, 2)


def test_a_run_that_mends_a_pair_while_it_is_read_again_wins(rig: Rig) -> None:
    ours, _ = settled(rig)
    edit_late(rig, ours, Phone="+1 512 555 0199")

    def work() -> None:
        compare(rig, repair=True)
        rig.run("account").ok  # noqa: B018

    rig.switch("ipaas", list_rows="whole")  # the first read by id is then that of the suspect
    report = compare_while(rig, work, at="get")

    assert (drift(report), explained(report)) == ({}, {"synced_meanwhile": 1})


def test_a_list_that_shifts_while_its_pages_are_read_loses_no_record(rig: Rig) -> None:
    """Fault F11: a record of the first page goes away, so the first one of the next page is never listed."""
    rig.control("PATCH", "ipaas/switches", {"page_size": 2})
    pairs = [partner(rig, "account", ours) for ours in _accounts(rig, 6)]
    first = min(pairs, key=int)

    report = compare_while(rig, lambda: rig.sandbox.ipaas.remove("company", int(first), "purge"), after_rows=2)

    assert report.summary()["rows"]["ipaas"] < 6
    assert drift(report) in ({}, {"deleted_in_ipaas": 1})
    assert report.linked == 6
    assert report.out_of_step <= 1


def test_records_that_come_and_go_are_no_unread_rows(rig: Rig) -> None:
    ours, _ = settled(rig)
    gone = account(rig)
    rig.run("account").ok  # noqa: B018
    rig.sandbox.salesforce.delete(gone)
    company(rig)
    rig.run("account").ok  # noqa: B018

    report = compare_while(rig, lambda: rig.sandbox.salesforce.delete(ours))

    assert drift(report) == {}


def _accounts(rig: Rig, count: int) -> list[str]:
    ids = [account(rig) for _ in range(count)]
    rig.run("account").ok  # noqa: B018
    pass_days(rig)
    assert all(link_of(rig, "account", record_id) for record_id in ids)
    return ids
