"""The look-back window on Salesforce: where a run starts to read, what it reads whole, and when the watermark moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from airflow_provider_ipaas.sync.ports import Record
from airflow_provider_ipaas.sync.salesforce_reads import object_fields, rows_by_id
from tests.behaviour.world import (
    account,
    companies,
    edit_salesforce,
    is_quiet,
    later,
    link_of,
    raw_company,
    scope,
    writes,
)
from tests.support.rig import Rig

PAGE = 2000  # rows of a page of query results


def aged(rig: Rig, name: str, **age: float) -> str:
    """Create an Account that was last changed *age* ago, by Salesforce's clock."""
    return rig.sandbox.salesforce.insert("Account", {"Name": name}, at=salesforce_now(rig) - timedelta(**age))


def salesforce_now(rig: Rig) -> datetime:
    return rig.sandbox.clocks["salesforce"].now()


def synced_names(rig: Rig) -> set[str]:
    return {str(row["name"]) for row in companies(rig)}


def watermark(rig: Rig, side: str = "salesforce") -> datetime | None:
    return rig.ledger.watermark(scope(rig), "account", side)  # type: ignore[arg-type]


def queries(rig: Rig) -> list[str]:
    """Return the text of every query since the last reset of the log."""
    entries = rig.control("GET", "log?service=salesforce")
    return [parse_qs(e["query"])["q"][0] for e in entries if "q=" in e["query"]]


def forget_log(rig: Rig) -> None:
    rig.sandbox.journal.reset()


def open_transaction(rig: Rig, record_id: str, since: timedelta, **fields: Any) -> None:
    rig.sandbox.salesforce.transactions.begin(
        [{"op": "update", "id": record_id, "fields": fields}], started=salesforce_now(rig) - since
    )


# Where the window starts


def test_the_first_run_looks_back_poll_days(either: Rig) -> None:
    aged(either, "Inside", days=6, hours=23)
    aged(either, "Outside", days=7, hours=1)

    either.run("account").ok.counts("to_ipaas")

    assert synced_names(either) == {"Inside"}


def test_the_connection_says_poll_days_where_the_param_is_null(rig: Rig) -> None:
    rig.settings["poll_days"] = 2
    aged(rig, "Inside", days=1, hours=23)
    aged(rig, "Outside", days=2, hours=1)

    assert rig.run("account", poll_days=None).ok.counts("to_ipaas") == {"created": 1}


@pytest.mark.parametrize("minutes", [10, -10])
def test_poll_days_count_by_the_clock_of_salesforce(rig: Rig, minutes: int) -> None:
    rig.sandbox.clocks["salesforce"].skew(timedelta(minutes=minutes))
    aged(rig, "Inside", days=1, minutes=-5)
    aged(rig, "Outside", days=1, minutes=5)

    rig.run("account", poll_days=1).ok.counts("to_ipaas")

    assert synced_names(rig) == {"Inside"}


@pytest.mark.parametrize("service", ["salesforce", "ipaas"])
@pytest.mark.parametrize("minutes", [10, -10])
def test_no_edit_is_lost_where_a_service_is_ten_minutes_off(either: Rig, service: str, minutes: int) -> None:
    either.sandbox.clocks[service].skew(timedelta(minutes=minutes))
    ours = account(either, "Ours")
    either.run("account", poll_days=1).ok.counts("to_ipaas")
    link = link_of(either, "account", ours)
    assert link is not None

    for turn in range(3):
        later(either, days=3)
        edit_salesforce(either, ours, Phone=f"+1 512 555 000{turn}")
        assert either.run("account", poll_days=1).ok.counts("to_ipaas") == {"updated": 1}
        assert raw_company(either, link.ipaas_id)["phone_number"] == f"+1 512 555 000{turn}"
    assert is_quiet(either.run("account", poll_days=1))


def test_after_a_pause_the_window_starts_fifteen_minutes_before_the_watermark(rig: Rig) -> None:
    rig.run("account").ok.counts("to_ipaas")
    mark = watermark(rig)
    assert mark is not None
    store = rig.sandbox.salesforce
    store.insert("Account", {"Name": "Late by 14 minutes"}, at=mark - timedelta(minutes=14))
    store.insert("Account", {"Name": "Late by 16 minutes"}, at=mark - timedelta(minutes=16))
    store.insert("Account", {"Name": "During the pause"}, at=mark + timedelta(days=1))
    later(rig, days=10)

    rig.run("account", poll_days=1).ok.counts("to_ipaas")

    assert synced_names(rig) == {"Late by 14 minutes", "During the pause"}


def test_raising_poll_days_later_finds_older_records(either: Rig) -> None:
    aged(either, "Old", days=20)
    assert is_quiet(either.run("account"))

    assert either.run("account", poll_days=30).ok.counts("to_ipaas") == {"created": 1}


def test_a_late_commit_anywhere_in_the_window_is_found(rig: Rig) -> None:
    rig.run("account").ok.counts("to_ipaas")
    later(rig, days=1)
    rig.run("account").ok.counts("to_ipaas")
    aged(rig, "Stamped days before it was committed", days=4)

    assert rig.run("account").ok.counts("to_ipaas") == {"created": 1}


# Fence and watermark


def test_the_watermark_moves_to_the_fence(rig: Rig) -> None:
    account(rig)
    rig.run("account").ok.counts("to_ipaas")

    mark = watermark(rig)
    assert mark is not None
    assert timedelta() <= salesforce_now(rig) - mark < timedelta(minutes=2)


def test_a_long_transaction_bounds_the_watermark_but_not_the_reading(either: Rig) -> None:
    busy = account(either, "Busy")
    either.run("account").ok.counts("to_ipaas")
    later(either, hours=3)
    begun = salesforce_now(either) - timedelta(hours=2)
    open_transaction(either, busy, timedelta(hours=2), Phone="+1 512 555 0199")
    account(either, "After the fence")

    assert either.run("account").ok.counts("to_ipaas") == {"created": 1, "unchanged": 1}
    mark = watermark(either)
    assert mark is not None
    assert mark <= begun

    result = either.run("account")
    assert is_quiet(result)
    assert result.counts("to_ipaas") == {"unchanged": 2}


@pytest.mark.parametrize("hours", [0.2, 2, 30])
def test_the_change_of_a_long_transaction_is_found_when_it_commits(rig: Rig, hours: float) -> None:
    slow = account(rig, "Slow")
    rig.run("account").ok.counts("to_ipaas")
    later(rig, hours=40)
    rig.run("account", poll_days=1).ok.counts("to_ipaas")
    later(rig, hours=40)
    open_transaction(rig, slow, timedelta(hours=hours), Phone="+1 512 555 0177")
    rig.run("account", poll_days=1).ok.counts("to_ipaas")

    rig.sandbox.salesforce.transactions.commit()
    later(rig, days=5)
    assert rig.run("account", poll_days=1).ok.counts("to_ipaas") == {"updated": 1}


def test_changes_of_one_second_are_told_apart(either: Rig) -> None:
    either.control("POST", "clock", {"service": "salesforce", "frozen": True})
    first = account(either, "First of the second")
    either.run("account").ok.counts("to_ipaas")
    account(either, "Second of the second")
    edit_salesforce(either, first, Phone="+1 512 555 0101")

    # The edit of the first one has the very stamp that was processed: only its content tells.
    either.run("account").ok.counts("to_ipaas")
    assert synced_names(either) == {"First of the second", "Second of the second"}


def test_an_edit_in_the_second_of_the_last_processed_one_is_not_lost(either: Rig) -> None:
    either.control("POST", "clock", {"service": "salesforce", "frozen": True})
    ours = account(either, "Edited twice in a second", Phone="+1 512 555 0101")
    either.run("account").ok.counts("to_ipaas")
    edit_salesforce(either, ours, Phone="+1 512 555 0102")

    result = either.run("account")

    assert result.ok.counts("to_ipaas") == {"updated": 1}
    assert companies(either)[0]["phone_number"] == "+1 512 555 0102"


# What is read whole


def test_older_rows_are_read_as_id_and_stamp(rig: Rig) -> None:
    aged(rig, "Old", days=3)
    rig.run("account").ok.counts("to_ipaas")
    later(rig, hours=1)
    rig.run("account").ok.counts("to_ipaas")
    forget_log(rig)

    result = rig.run("account")

    (older,) = [q for q in queries(rig) if "FROM Account" in q]
    assert older.startswith("SELECT Id, SystemModstamp, IsDeleted FROM Account")
    assert "ORDER BY SystemModstamp, Id" in older
    assert result["to_ipaas"]["seen"] == result["to_ipaas"]["unchanged"] == 1


def test_only_unprocessed_versions_are_read_whole(rig: Rig) -> None:
    for number in range(5):
        aged(rig, f"Old {number}", days=3)
    rig.run("account").ok.counts("to_ipaas")
    later(rig, hours=1)
    rig.run("account").ok.counts("to_ipaas")
    late = aged(rig, "Committed late", days=2)
    forget_log(rig)

    rig.run("account").ok.counts("to_ipaas")

    by_id = [q for q in queries(rig) if " WHERE Id IN (" in q]
    assert by_id
    assert all(q.endswith(f"Id IN ('{late}')") for q in by_id)


def test_full_reads_every_record_whatever_its_age(either: Rig) -> None:
    aged(either, "Ancient", days=4000)

    assert either.run("account", full=True).ok.counts("to_ipaas") == {"created": 1}


# When the watermark moves, and when it must not


def marks(rig: Rig) -> tuple[datetime | None, datetime | None]:
    return watermark(rig), watermark(rig, "ipaas")


def begun_rig(rig: Rig) -> str:
    """Let a first run set the watermarks, and an hour pass."""
    record_id = account(rig)
    rig.run("account").ok.counts("to_ipaas")
    later(rig, hours=1)
    return record_id


def test_a_run_over_the_window_moves_both_watermarks(rig: Rig) -> None:
    begun_rig(rig)
    before = marks(rig)

    rig.run("account").ok.counts("to_ipaas")

    for old, new in zip(before, marks(rig), strict=True):
        assert old is not None
        assert new is not None
        assert new - old > timedelta(minutes=55)


def test_a_run_with_record_ids_moves_none(rig: Rig) -> None:
    record_id = begun_rig(rig)
    before = marks(rig)

    rig.run("account", record_ids=[record_id]).ok.counts("to_ipaas")

    assert marks(rig) == before


def test_a_dry_run_moves_none(rig: Rig) -> None:
    begun_rig(rig)
    before = marks(rig)

    rig.run("account", dry_run=True).ok.counts("to_ipaas")

    assert marks(rig) == before


@pytest.mark.parametrize(
    ("service", "path"), [("salesforce", "/query"), ("salesforce", "/updated"), ("ipaas", "/Companies")]
)
def test_a_failed_extract_moves_none(rig: Rig, service: str, path: str) -> None:
    begun_rig(rig)
    before = marks(rig)
    account(rig, "Made meanwhile")

    with rig.fault(service=service, path=path, action={"type": "status", "status": 500}):
        result = rig.run("account")

    assert len(result.errors) == 1
    assert marks(rig) == before
    assert rig.run("account").ok.counts("to_ipaas") == {"created": 1, "unchanged": 1}


def test_a_run_that_could_not_write_moves_them_for_what_waits_is_kept(rig: Rig) -> None:
    begun_rig(rig)
    before = marks(rig)
    account(rig, "Waits")

    with rig.fault(service="ipaas", path="LookupSpecial", action={"type": "status", "status": 503}):
        result = rig.run("account")

    assert set(result.errors) == {"upsert_ipaas"}
    assert result["to_ipaas"]["parked_by_reason"] == {"not_attempted": 1}
    assert marks(rig) > before
    later(rig, days=30)
    assert rig.run("account", poll_days=1).ok.counts("to_ipaas")["created"] == 1


# Pages


def many(rig: Rig, count: int) -> None:
    seed_n(count, rig.sandbox.machine.org.store, rig.sandbox.ipaas)


def test_a_lost_page_locator_loses_no_row(rig: Rig) -> None:
    many(rig, PAGE + 50)
    lost = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    action = {"type": "status", "status": 400, "body": lost}

    with rig.fault(service="salesforce", path="/query(All)?/", nth=1, action=action):
        result = rig.run("account", dry_run=True, max_creates=None)

    assert result.ok.counts("to_ipaas") == {"created": PAGE + 50}


CUT = {"totalSize": 3, "done": True, "records": []}


def test_rows_that_were_announced_and_did_not_come_are_asked_for_again(rig: Rig) -> None:
    """A list that ends early, in an answer that looks right, must not pass for all there is."""
    for number in range(3):
        account(rig, f"Here {number}")
    with rig.fault(service="salesforce", path="/query", nth=1, action={"type": "status", "status": 200, "body": CUT}):
        result = rig.run("account", full=True).ok
    assert result.counts("to_ipaas") == {"created": 3}


def test_rows_that_never_come_stop_the_run_before_the_watermark_moves(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    before = watermark(rig)
    later(rig, hours=1)
    account(rig, "Here")
    with rig.fault(service="salesforce", path="/query", action={"type": "status", "status": 200, "body": CUT}):
        result = rig.run("account")
    error = result.errors["extract_salesforce"]
    assert "announced 3 rows" in str(error)
    assert "gave 0" in str(error)
    assert watermark(rig) == before
    assert rig.run("account").ok.counts("to_ipaas") == {"created": 1}


def test_rows_that_a_read_left_out_in_silence_are_found_by_the_next_poll(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    before = watermark(rig)
    later(rig, minutes=15)
    for number in range(3):
        account(rig, f"Here {number}")
    silent = {"type": "status", "status": 200, "body": {"totalSize": 0, "done": True, "records": []}}
    with rig.fault(service="salesforce", path="/query", action=silent):
        assert rig.run("account").ok.counts("to_ipaas") == {}
    assert watermark(rig) != before
    later(rig, hours=5)
    assert rig.run("account").ok.counts("to_ipaas") == {"created": 3}


def test_the_log_says_since_when_a_run_reads(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    rig.control("POST", "clock", {"service": "salesforce", "frozen": True})
    now = salesforce_now(rig)
    rig.run("account", poll_days=3).ok  # noqa: B018
    rig.run("account", full=True).ok  # noqa: B018
    (since, everything) = [line for line in caplog.messages if line.startswith("Salesforce: reading")]
    assert f"changed since {now - timedelta(days=3):%Y-%m-%d %H:%M}" in since
    assert everything == "Salesforce: reading every Account, whatever its age."


class Busy(SalesforceClient):
    """A Salesforce where somebody works on records while their pages are read."""

    rig: Rig
    victims: list[str]

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[Record]:
        for number, row in enumerate(super().query(soql, include_deleted=include_deleted)):
            if number == PAGE - 1 and self.victims:
                for victim in self.victims:
                    edit_salesforce(self.rig, victim, Phone="+1 512 555 0142")
                self.victims.clear()
            yield row


def test_rows_that_change_while_paging_are_captured_once_and_never_lost(rig: Rig) -> None:
    many(rig, PAGE + 50)
    ids = [row["Id"] for row in sorted(rig.sandbox.salesforce.rows("Account"), key=lambda row: row["SystemModstamp"])]
    calm = rig.salesforce_client

    def busy() -> SalesforceClient:
        client = calm()
        client.__class__ = Busy
        client.rig, client.victims = rig, [ids[0], ids[-1]]  # type: ignore[attr-defined]
        return client

    rig.salesforce_client = busy  # type: ignore[method-assign]
    result = rig.run("account", dry_run=True, max_creates=None)

    assert result.ok.counts("to_ipaas") == {"created": PAGE + 50}


# The price of a poll


def twins(rig: Rig, count: int) -> None:
    """Fill both services with *count* pairs in step that carry each other's ids, and let the ledger learn them."""
    store, ipaas = rig.sandbox.salesforce, rig.sandbox.ipaas
    rig.control("POST", "ipaas/switches/preset/mild")
    now = salesforce_now(rig)
    for number in range(count):
        at = now - timedelta(days=3) + timedelta(seconds=40 * number)
        record_id = store.insert("Account", {"Name": f"Twin {number}", "AccountNumber": f"T-{number}"}, at=at)
        company_id = ipaas.insert("company", {"name": f"Twin {number}", "account_number": f"T-{number}"}, at=at)
        ipaas.link("company", company_id, record_id)
    assert "plan" not in rig.run("account", full=True).errors
    assert rig.run("account", full=True, confirm_rebuild=True).ok.counts("to_ipaas") == {"unchanged": count}


def test_a_poll_of_six_thousand_accounts_with_nothing_new_costs_six_calls_and_writes_nothing(rig: Rig) -> None:
    twins(rig, 6000)
    later(rig, minutes=15)
    rig.control("POST", "calls/reset")
    forget_log(rig)

    result = rig.run("account")

    assert result.ok.counts("to_ipaas") == {"unchanged": 6000}
    assert rig.calls()["salesforce"]["api"] <= 6
    assert result["api_calls"]["salesforce"] <= 6
    assert [path for _, path in writes(rig) if "oauth2" not in path and "/Auth/" not in path] == []


def test_the_window_is_kept_in_utc(rig: Rig) -> None:
    account(rig)
    rig.run("account", run_id="one").ok.counts("to_ipaas")
    stored = rig.ledger.run("account:one")
    assert stored is not None
    window = stored.facts["salesforce_window"]
    assert {datetime.fromisoformat(window[name]).utcoffset() for name in ("start", "now", "fence")} == {timedelta()}
    assert datetime.fromisoformat(window["now"]).tzinfo == UTC


def test_many_counterparts_are_read_2000_in_a_call_and_deleted_ones_are_told_apart(rig: Rig) -> None:
    ids = [rig.sandbox.salesforce.insert("Account", {"Name": f"Many {number}"}) for number in range(450)]
    sync = rig.sync("account", "run", {})
    rig.sandbox.salesforce.delete(ids[7])
    fields = object_fields(sync)
    rig.control("POST", "calls/reset")

    rows = {row["Id"]: row for row in rows_by_id(sync, fields, [*ids, "001000000000123AAA"])}

    assert list(rows)[:3] == ids[:3]
    assert set(rows) == set(ids)
    assert [row["Id"] for row in rows.values() if row["IsDeleted"]] == [ids[7]]
    few = next(iter(rows_by_id(sync, fields, ids[:1])))
    assert few == rows[ids[0]], "the same row, however it is read"
    counted = rig.calls()["salesforce"]["endpoints"]
    assert counted["POST /services/data/v{version}/composite/sobjects/{sobject}"] == 1
    assert counted["GET /services/data/v{version}/queryAll"] == 2
