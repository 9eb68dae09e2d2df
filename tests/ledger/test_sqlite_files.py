"""The SQLite file: who may read it, and what happens when it can't be written."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, event, text

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, engine
from tests.ledger.support import SCOPE, a_link, a_run, an_item

BULK = [an_item(f"{n:05}", record={"Description": "x" * 500}) for n in range(4_000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def open_place() -> Iterator[Path]:
    """Return a directory that every user of the system may enter and write to."""
    place = Path(tempfile.mkdtemp(prefix="ledger-"))
    place.chmod(0o777)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def in_child(work: Callable[[], str]) -> str:
    """Run *work* in a forked child and return its text: limits and users changed there die with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "child failed"
        try:
            answer = work()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        finally:
            os.write(writer, answer.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def as_somebody_else() -> None:
    """Give up the rights of root, before which no file is read-only."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def test_only_the_owner_may_read_the_files(path: Path) -> None:
    before = os.umask(0)
    try:
        ledger = SqlLedger.open(f"sqlite:///{path}")
        with ledger.transaction():
            ledger.start_run(a_run("r1"))
            files = sorted(path.parent.iterdir())
            modes = {file.name: mode_of(file) for file in files}
    finally:
        os.umask(before)
    assert mode_of(path.parent) == 0o700
    assert set(modes) >= {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert set(modes.values()) == {0o600}


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    SqlLedger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert mode_of(tmp_path) == 0o755


def test_the_file_uses_a_write_ahead_log_and_full_syncs(path: Path) -> None:
    ledger = SqlLedger.open(f"sqlite:///{path}")

    def pragma(name: str) -> object:
        return ledger._sessions.read(lambda c: c.execute(text(f"PRAGMA {name}")).scalar())

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("foreign_keys") == 1
    assert pragma("busy_timeout") == 60_000


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "ünï☃.db", "semi;colon&=?#.db"])
def test_unusual_paths(tmp_path: Path, name: str) -> None:
    SqlLedger.open(URL.create("sqlite", database=str(tmp_path / name))).start_run(a_run("r1"))
    assert (tmp_path / name).stat().st_size > 0
    assert {entry.name for entry in tmp_path.iterdir()} <= {name + end for end in ("", "-wal", "-shm", ".lock")}


def test_a_full_database_is_told_and_nothing_is_half_written(path: Path) -> None:
    ledger = SqlLedger.open(f"sqlite:///{path}")
    ledger.start_run(a_run("r1"))
    ledger.close()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=200")

    event.listen(ledger._sessions.engine, "connect", limit)

    def fill() -> None:
        with ledger.transaction():
            ledger.add_link(a_link("001A", "c1"))
            ledger.add_items("r1", BULK)

    with pytest.raises(LedgerError, match="full") as caught:
        fill()
    assert str(path) in caught.value.message
    assert "free disk space" in caught.value.next_step
    assert ledger.count_links(SCOPE, "account") == 0
    assert ledger.count_items("r1", collection="account", side="salesforce") == 0
    assert ledger.add_link(a_link("001A", "c1")) is not None


def test_a_write_the_system_refuses_is_told_and_undone(path: Path) -> None:
    ledger = SqlLedger.open(f"sqlite:///{path}")
    ledger.start_run(a_run("r1"))
    ledger.add_link(a_link("001A", "c1"))

    def fill() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        try:
            with ledger.transaction():
                ledger.add_link(a_link("001B", "c2"))
                ledger.add_items("r1", BULK)
        except LedgerError as error:
            return f"{error} Links: {ledger.count_links(SCOPE, 'account')}"
        return "no error"

    answer = in_child(fill)
    assert str(path) in answer
    assert "free space" in answer
    assert answer.endswith("Links: 1")
    assert ledger.count_links(SCOPE, "account") == 1
    ledger.add_items("r1", BULK)
    assert ledger.count_items("r1", collection="account", side="salesforce") == len(BULK)


def test_a_read_only_file(open_place: Path) -> None:
    path = open_place / "ledger.db"
    SqlLedger.open(f"sqlite:///{path}").start_run(a_run("r1"))
    for file in open_place.iterdir():
        file.chmod(0o444)

    def write() -> str:
        as_somebody_else()
        ledger = SqlLedger.open(f"sqlite:///{path}")
        return str(ledger.start_run(a_run("r2")))

    answer = in_child(write)
    assert answer.startswith("LedgerError: The ledger's file")
    assert str(path) in answer
    assert "read and write this file" in answer


def test_a_directory_that_may_not_be_written(open_place: Path) -> None:
    open_place.chmod(0o555)

    def create() -> str:
        as_somebody_else()
        SqlLedger.open(f"sqlite:///{open_place / 'below' / 'ledger.db'}")
        return "opened"

    answer = in_child(create)
    assert answer.startswith("LedgerError: The ledger's file can't be created")
    assert "Permission denied" in answer


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(LedgerError, match=r"in the way|Not a directory"):
        SqlLedger.open(f"sqlite:///{tmp_path / 'state' / 'ledger.db'}")
    with pytest.raises(LedgerError, match="can't be created"):
        SqlLedger.open(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says\n" * 100)
    with pytest.raises(LedgerError, match="not an SQLite database") as caught:
        SqlLedger.open(f"sqlite:///{path}")
    assert "backup" in caught.value.next_step


def test_a_damaged_file(path: Path) -> None:
    ledger = SqlLedger.open(f"sqlite:///{path}")
    ledger.start_run(a_run("r1"))
    ledger.add_items("r1", BULK)
    ledger.close()
    with path.open("r+b") as file:
        file.seek(50 * 4096)
        file.write(os.urandom(200 * 4096))

    def read_all() -> None:
        for _ in ledger.items("r1", collection="account", side="salesforce"):
            pass

    with pytest.raises(LedgerError, match="damaged") as caught:
        read_all()
    assert "external ids" in caught.value.next_step


def test_a_locked_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.05)
    ledger = SqlLedger.open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="locked") as caught:
        ledger.start_run(a_run("r1"))
    assert caught.value.transient
    assert ledger.run("r1") is None
    other.execute("ROLLBACK")
    other.close()
    assert ledger.start_run(a_run("r1")).run_key == "r1"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://u:hunter2@h/db", "can't live in mysql"),
        ("not a url hunter2", "can't be read"),
        ("postgresql://u:hunter2@h:port/db", "can't be read"),
    ],
)
def test_urls_no_ledger_can_live_at(url: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words) as caught:
        SqlLedger.open(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.next_step


def test_another_writer_is_waited_for_not_failed_on(path: Path) -> None:
    ledger = SqlLedger.open(f"sqlite:///{path}")
    ledger.start_run(a_run("r1"))
    plain = create_engine(f"sqlite:///{path}")
    with plain.connect() as connection, ledger.transaction():
        ledger.update_run("r1", phase="planned")
        # Readers are not kept out while somebody writes.
        assert connection.execute(text("SELECT phase FROM ipaas_run")).scalar() == "started"
    plain.dispose()
