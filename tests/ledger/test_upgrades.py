"""Moving a ledger on to a newer version: by itself on SQLite."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, migrate
from airflow_provider_ipaas.ledger.monitoring import Selection, reading
from tests.ledger.support import a_run

AFTER = f"{int(migrate.HEAD) + 1:04}"
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("ipaas_run", sa.Column("later", sa.Text()))
    {more}
"""

WAITING_IN_0001 = """
INSERT INTO ipaas_unresolved
    (scope, collection, direction, source_id, reason, attempts, content_hash, mapping_fingerprint, details, first_at)
VALUES ('s', 'account', 'to_ipaas', '001', 'superseded', 0, '', '', '{}', '2026-03-01T00:00:00.000000+00:00')
"""
JOURNAL_OF_0001 = """
INSERT INTO ipaas_journal (at, run_key, scope, collection, direction, source_id, op, phase, outcome, fields)
VALUES ('2026-03-01T00:00:00.000000+00:00', 'r', 's', 'account', 'to_ipaas', '001', 'create', 'intent', '', '[]')
"""


def columns(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return {column["name"] for column in inspect(engine).get_columns("ipaas_run")}
    finally:
        engine.dispose()


def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str = "pass") -> None:
    """Make this package one with a further migration."""
    versions = tmp_path / "versions"
    shutil.copytree(migrate.LEDGER.versions, versions, dirs_exist_ok=True)
    text = NEXT.format(next=AFTER, head=migrate.HEAD, more=more)
    (versions / f"v{AFTER}_next.py").write_text(text)
    monkeypatch.setattr(migrate, "LEDGER", replace(migrate.LEDGER, versions=versions, head=AFTER))


def test_an_older_file_is_upgraded_when_it_is_opened(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlLedger.open(ledger_url).start_run(a_run("r1"))
    release(tmp_path, monkeypatch)
    assert SqlLedger.open(ledger_url).run("r1") is not None
    assert migrate.current(ledger_url) == AFTER
    assert "later" in columns(ledger_url)


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlLedger.open(ledger_url).start_run(a_run("r1"))
    with monkeypatch.context() as broken:
        release(tmp_path, broken, more='op.execute("SELECT * FROM no_such_table")')
        with pytest.raises(LedgerError):
            SqlLedger.open(ledger_url)
    assert migrate.current(ledger_url) == migrate.HEAD
    assert "later" not in columns(ledger_url)
    assert SqlLedger.open(ledger_url).run("r1") is not None


def test_the_first_release_s_waiting_records_are_kept(ledger_url: str, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    shutil.copy(migrate.LEDGER.versions / "v0001_first.py", old)
    migrate.upgrade(ledger_url, replace(migrate.LEDGER, versions=old, head="0001"))
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(text(WAITING_IN_0001))
        connection.execute(text(JOURNAL_OF_0001))
    engine.dispose()
    with closing(SqlLedger.open(ledger_url)) as ledger:
        (row,) = ledger.unresolved("s", "account", "to_ipaas", ["001"]).values()
        assert (row.reason, row.run_key, row.first_at) == ("superseded", None, datetime(2026, 3, 1, tzinfo=UTC))
        ledger.replay(Selection(ids=("001",)), actor="ann")
    with reading(ledger_url) as opened:
        assert opened is not None
        (shown,) = opened.shown(Selection(), limit=2)
    assert [(line.op, line.actor) for line in shown.journal] == [("replay", "ann"), ("create", None)]


def test_current_makes_no_file(ledger_url: str, tmp_path: Path) -> None:
    assert migrate.current(ledger_url) is None
    assert list(tmp_path.iterdir()) == []
