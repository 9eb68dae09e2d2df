"""What only a server can do to a ledger: refuse, go away, deadlock, and wait for an explicit upgrade."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, migrate
from airflow_provider_ipaas.ledger.failures import LedgerConflict, LedgerUnavailable
from tests.ledger.support import SCOPE, a_link, a_run, an_item
from tests.ledger.test_upgrades import AFTER, columns, release


@pytest.fixture
def admin(fresh_postgres_url: str) -> Iterator[Engine]:
    engine = create_engine(fresh_postgres_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def run_sql(engine: Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def as_user(url: str, name: str, password: str = "hunter2") -> str:
    return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)


def test_an_older_schema_waits_for_an_explicit_upgrade(
    fresh_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqlLedger.open(fresh_postgres_url).start_run(a_run("r1"))
    release(tmp_path, monkeypatch)
    with pytest.raises(LedgerError, match=rf"version {migrate.HEAD}.*works with {AFTER}") as caught:
        SqlLedger.open(as_user(fresh_postgres_url, "tester"))
    assert "airflow-ipaas ledger upgrade --url 'postgresql" in caught.value.next_step
    assert "hunter2" not in str(caught.value)
    assert "later" not in columns(fresh_postgres_url)
    migrate.upgrade(fresh_postgres_url)
    assert SqlLedger.open(fresh_postgres_url).run("r1") is not None
    assert "later" in columns(fresh_postgres_url)


def test_a_server_that_does_not_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(LedgerUnavailable, match="can't be reached") as caught:
            SqlLedger.open(f"postgresql://u:hunter2@127.0.0.1:{port}/db")
    assert f"127.0.0.1:{port}/db" in caught.value.message
    assert caught.value.transient
    assert "hunter2" not in str(caught.value)


def test_a_database_and_a_user_that_do_not_exist(fresh_postgres_url: str) -> None:
    missing = make_url(fresh_postgres_url).set(database="missing").render_as_string(hide_password=False)
    with pytest.raises(LedgerError, match="database does not exist"):
        SqlLedger.open(missing)
    with pytest.raises(LedgerError, match="refuses our user") as caught:
        SqlLedger.open(as_user(fresh_postgres_url, "stranger"))
    assert "hunter2" not in str(caught.value)


def test_a_user_who_may_not_create_tables(fresh_postgres_url: str, admin: Engine) -> None:
    run_sql(admin, "DROP ROLE IF EXISTS poor", "CREATE ROLE poor LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(LedgerError, match="lacks a privilege") as caught:
        SqlLedger.open(as_user(fresh_postgres_url, "poor"))
    assert "grant" in caught.value.next_step
    assert migrate.current(fresh_postgres_url) is None


def test_a_user_who_may_only_read(fresh_postgres_url: str, admin: Engine) -> None:
    SqlLedger.open(fresh_postgres_url).start_run(a_run("r1"))
    run_sql(
        admin,
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    ledger = SqlLedger.open(as_user(fresh_postgres_url, "reader"))
    assert ledger.run("r1") is not None
    with pytest.raises(LedgerError, match="lacks a privilege"):
        ledger.update_run("r1", phase="planned")
    ledger.close()
    run_sql(admin, "DROP OWNED BY reader", "DROP ROLE reader")


def test_a_full_disk_of_the_server(fresh_postgres_url: str, admin: Engine) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    ledger.start_run(a_run("r1"))
    # The error that the server raises then, from a trigger: half of the rows are in when it comes.
    run_sql(
        admin,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.record_id = '3000' THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END IF; "
        "RETURN NEW; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON ipaas_item FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )
    with pytest.raises(LedgerError, match="disk of the ledger's database server is full") as caught:
        ledger.add_items("r1", [an_item(f"{n:04}") for n in range(4_000)])
    assert "free disk space" in caught.value.next_step
    assert ledger.count_items("r1", collection="account", side="salesforce") == 0


def test_a_read_only_server(fresh_postgres_url: str, admin: Engine) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    run_sql(admin, f"ALTER DATABASE {admin.url.database} SET default_transaction_read_only = on")
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="read-only"):
        ledger.start_run(a_run("r1"))


def test_a_lost_connection(fresh_postgres_url: str, admin: Engine) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def lose_it() -> None:
        with ledger.transaction():
            ledger.start_run(a_run("r1"))
            run_sql(admin, kill)
            ledger.start_run(a_run("r2"))

    with pytest.raises(LedgerUnavailable):
        lose_it()
    assert ledger.run("r1") is None
    run_sql(admin, kill)
    # An idle connection that died meanwhile is replaced without a word.
    assert ledger.start_run(a_run("r3")).run_key == "r3"


def test_a_dropped_table(fresh_postgres_url: str, admin: Engine) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    run_sql(admin, "DROP TABLE ipaas_link")
    with pytest.raises(LedgerError, match="table of the ledger is missing"):
        ledger.count_links(SCOPE, "account")


def test_of_two_deadlocked_transactions_one_is_undone_whole(fresh_postgres_url: str) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    ledger.set_fact(SCOPE, "a", 0)
    ledger.set_fact(SCOPE, "b", 0)
    gate = threading.Barrier(2)
    errors: list[BaseException] = []

    def work(first: str, second: str, value: int) -> None:
        try:
            with ledger.transaction():
                ledger.add_link(a_link(f"001{value}", f"c{value}"))
                ledger.set_fact(SCOPE, first, value)
                gate.wait(30)
                ledger.set_fact(SCOPE, second, value)
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=args) for args in (("a", "b", 1), ("b", "a", 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [type(error) for error in errors] == [LedgerConflict]
    (a, _), (b, _) = ledger.fact(SCOPE, "a") or (0, 0), ledger.fact(SCOPE, "b") or (0, 0)
    assert a == b != 0
    assert ledger.count_links(SCOPE, "account") == 1


def test_text_is_ordered_by_code_point_whatever_the_database_says(fresh_postgres_url: str) -> None:
    ledger = SqlLedger.open(fresh_postgres_url)
    ledger.start_run(a_run("r1"))
    ids = ["b", "B", "a", "A", "_", "ä", "1", "0Z", "-"]
    ledger.add_items("r1", [an_item(record_id) for record_id in ids])
    walk = ledger.items("r1", collection="account", side="salesforce", batch=2)
    assert [item.record_id for batch in walk for item in batch] == sorted(ids)
