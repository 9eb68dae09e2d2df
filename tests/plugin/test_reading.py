"""What the monitoring pages read of a ledger, on SQLite."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.ledger.monitoring import Selection, Source, reading
from tests.plugin.conftest import ACCOUNTS, CONTACTS, files_below
from tests.plugin.records import ORG, SCOPE, START, add_run, waiting


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"


def test_no_file_is_no_ledger_and_none_is_made(url: str, tmp_path: Path) -> None:
    with reading(url) as ledger:
        assert ledger is None
    assert files_below(tmp_path) == []


def test_an_empty_database_is_no_ledger_and_stays_empty(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.touch()
    with reading(f"sqlite:///{file}") as ledger:
        assert ledger is None
    assert file.stat().st_size == 0


def test_another_version_is_told_and_not_upgraded(url: str) -> None:
    SqlLedger.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE ipaas_ledger_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="has version 9999"), reading(url):
        pass
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM ipaas_ledger_version")).scalar() == "9999"
    engine.dispose()


def test_it_can_not_write(url: str) -> None:
    SqlLedger.open(url).close()
    with pytest.raises(LedgerError, match="read-only"), reading(url) as ledger:
        ledger._connection.execute(text("DELETE FROM ipaas_run"))  # type: ignore[union-attr]


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("this is no database at all, but long enough to be looked into " * 40)
    with pytest.raises(LedgerError, match="not an SQLite database"), reading(f"sqlite:///{file}"):
        pass


def test_it_reads_while_a_run_writes_and_sees_one_moment(url: str) -> None:
    writer = SqlLedger.open(url)
    add_run(writer, ACCOUNTS, "first")
    with writer.transaction():
        add_run(writer, ACCOUNTS, "not committed yet")
        with reading(url) as ledger:
            assert ledger is not None
            assert [run.run_id for run in ledger.runs([ACCOUNTS], limit=10)] == ["first"]
    with reading(url) as ledger:
        assert ledger is not None
        before = len(ledger.runs([ACCOUNTS], limit=10))
        add_run(writer, ACCOUNTS, "later")
        assert len(ledger.runs([ACCOUNTS], limit=10)) == before == 2
    writer.close()


def test_runs_come_newest_first_and_by_pages(url: str) -> None:
    writer = SqlLedger.open(url)
    for n in range(5):
        add_run(writer, ACCOUNTS, f"r{n}", started_at=START + timedelta(hours=n), seen=n, unchanged=n)
    add_run(writer, CONTACTS, "theirs", collection="contact", started_at=START + timedelta(days=9))
    writer.close()
    with reading(url) as ledger:
        assert ledger is not None
        assert [run.run_id for run in ledger.runs([ACCOUNTS], limit=2)] == ["r4", "r3"]
        assert [run.run_id for run in ledger.runs([ACCOUNTS], limit=2, offset=4)] == ["r0"]
        newest = ledger.runs([ACCOUNTS, CONTACTS], limit=1)[0]
        assert (newest.dag_id, newest.collection, newest.phase) == (CONTACTS, "contact", "reported")
        assert ledger.runs([], limit=5) == []
        assert set(ledger.sources()) == {Source(ACCOUNTS, SCOPE, "account"), Source(CONTACTS, SCOPE, "contact")}


def test_groups_count_by_reason_and_name_the_codes(url: str) -> None:
    writer = SqlLedger.open(url)
    writer.save_unresolved([waiting(n) for n in range(30)])
    soon, later = START + timedelta(minutes=20), START + timedelta(days=1)
    writer.save_unresolved(
        [
            waiting(100, reason="refused_before", code="STRING_TOO_LONG", next_step="Shorten it.", next_at=soon),
            waiting(101, reason="refused_before", code="STRING_TOO_LONG", next_step="Shorten it.", next_at=later),
            waiting(102, reason="refused_before", code="VALD-1002", next_step="Correct it.", next_at=later),
            waiting(103, direction="to_salesforce"),
        ]
    )
    writer.close()
    with reading(url) as ledger:
        assert ledger is not None
        groups = ledger.groups()
    assert [(it.reason, it.direction, it.count) for it in groups] == [
        ("possible_duplicate", "to_ipaas", 30),
        ("refused_before", "to_ipaas", 3),
        ("possible_duplicate", "to_salesforce", 1),
    ]
    assert groups[0].next_step == "Look at both records."
    assert (groups[0].oldest, groups[0].codes) == (START, ())
    assert groups[1].codes == (("STRING_TOO_LONG", 2), ("VALD-1002", 1))
    assert (groups[1].next_step, groups[1].next_at) == (None, soon)


def test_records_of_a_group_come_oldest_first(url: str) -> None:
    writer = SqlLedger.open(url)
    writer.save_unresolved([waiting(n, target_id=str(n), attempts=n, message="why") for n in (3, 1, 2)])
    writer.save_unresolved([waiting(9, reason="superseded")])
    writer.close()
    group = Selection(SCOPE, "account", "to_ipaas", "possible_duplicate")
    with reading(url) as ledger:
        assert ledger is not None
        found = ledger.records(group, limit=2)
        rest = ledger.records(group, limit=2, offset=2)
    assert [(it.target_id, it.attempts, it.message) for it in found] == [("1", 1, "why"), ("2", 2, "why")]
    assert [it.target_id for it in rest] == ["3"]


def test_connections_of_an_org_are_those_that_answered_for_it(url: str) -> None:
    writer = SqlLedger.open(url)
    writer.pin("salesforce:prod", ORG)
    writer.pin("salesforce:other", "00D000000000002EAA")
    writer.pin("ipaas:x", ORG)
    writer.close()
    with reading(url) as ledger:
        assert ledger is not None
        assert ledger.pinned_to(ORG, "salesforce:") == ["prod"]


def test_errors_of_the_database_are_told_without_statements(url: str) -> None:
    SqlLedger.open(url).close()
    with pytest.raises(LedgerError) as caught, reading(url):
        raise OperationalError("SELECT secret", {"name": "secret"}, Exception("broken"))
    assert "secret" not in str(caught.value)
