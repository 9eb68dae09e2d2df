"""Which database a deployment's ledger is in, and where it may not be."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from airflow_provider_ipaas.errors import ConfigurationError, LedgerError
from airflow_provider_ipaas.hooks import _places, ledger
from airflow_provider_ipaas.hooks.ledger import open_ledger
from tests.ledger.support import a_run

VARIABLE = "AIRFLOW_CONN_IPAAS_LEDGER"
# Passwords with everything that has a meaning in a URL.
PASSWORD = "p@ss/w%rd:?#[]&=+ü"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(VARIABLE, raising=False)


def define(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    monkeypatch.setenv(VARIABLE, json.dumps(fields))


def postgres_url(monkeypatch: pytest.MonkeyPatch, **fields: object) -> URL:
    """Return the URL made of a connection, as the driver will see it."""
    define(monkeypatch, conn_type="postgres", **fields)
    return ledger._postgres_url(ledger._connection("ipaas_ledger"))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Collect what the module logs; Airflow, first imported in there, replaces the handlers of the root logger."""
    handler = Collector()
    ledger.log.addHandler(handler)
    ledger.log.setLevel(logging.INFO)
    yield handler.messages
    ledger.log.removeHandler(handler)
    ledger.log.setLevel(logging.NOTSET)


class Collector(logging.Handler):
    """Keeps messages."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def test_without_a_connection_it_is_a_file_beside_airflow(tmp_path: Path, logged: list[str]) -> None:
    opened = open_ledger()
    path = tmp_path / "home" / "ipaas" / "ledger.db"
    assert opened.place == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert logged == [f"No connection `ipaas_ledger`: the ledger is the SQLite file {path}."]


def test_a_misspelt_connection_does_not_start_an_empty_ledger(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"`my_ledger`.*not defined") as caught:
        open_ledger("my_ledger")
    assert "AIRFLOW_CONN_MY_LEDGER" in caught.value.next_step
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("text", ["{broken json", '{"conn_type": 5', "[1, 2]"])
def test_a_connection_that_cannot_be_read_is_not_taken_for_a_missing_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigurationError, match=r"ipaas_ledger|IPAAS_LEDGER"):
        open_ledger()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "form", ["sqlite:///{}", '{{"conn_type": "sqlite", "host": "{}"}}', '{{"conn_type": "sqlite", "schema": "{}"}}']
)
def test_the_forms_of_an_sqlite_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: str) -> None:
    path = tmp_path / "own place.db"
    monkeypatch.setenv(VARIABLE, form.format(str(path).replace(" ", "%20") if form.startswith("sqlite") else path))
    assert open_ledger().place == str(path)
    assert path.exists()


@pytest.mark.parametrize("text", ["sqlite:///relative.db", '{"conn_type": "sqlite"}', "sqlite://"])
def test_an_sqlite_connection_needs_an_absolute_path(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigurationError, match=r"`ipaas_ledger`.*no absolute path") as caught:
        open_ledger()
    assert "sqlite:////" in caught.value.next_step


def test_other_databases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, conn_type="mysql", host="h", password=PASSWORD)
    with pytest.raises(ConfigurationError, match="`mysql`") as caught:
        open_ledger()
    assert PASSWORD not in str(caught.value)


def test_a_postgres_connection_becomes_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_url(
        monkeypatch,
        host="db.example.com",
        port=5433,
        schema="ledger db",
        login="us@er",
        password=PASSWORD,
        extra={"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "connect_timeout": 3, "cursor": "dictcursor"},
    )
    assert (url.host, url.port, url.database, url.username, url.password) == (
        "db.example.com",
        5433,
        "ledger db",
        "us@er",
        PASSWORD,
    )
    assert dict(url.query) == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "connect_timeout": "3"}
    assert PASSWORD not in repr(url)


def test_a_postgres_uri_becomes_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://us%40er:p%40ss%2Fw%25:rd@h:5433/db?sslmode=require")
    url = ledger._postgres_url(ledger._connection("ipaas_ledger"))
    assert url.render_as_string(hide_password=False).startswith(
        "postgresql+psycopg2://us%40er:p%40ss%2Fw%25%3Ard@h:5433/db"
    )
    assert dict(url.query) == {"sslmode": "require"}


def test_a_postgres_connection_over_a_socket_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_url(monkeypatch, host="/var/run/postgresql", schema="db")
    assert (url.host, url.query["host"]) == (None, "/var/run/postgresql")


@pytest.mark.parametrize(("fields", "missing"), [({"schema": "db"}, "host"), ({"host": "h"}, "schema")])
def test_a_postgres_connection_lacks_a_field(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], missing: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"`ipaas_ledger`.*`{missing}`.*is missing"):
        postgres_url(monkeypatch, **fields)


def test_an_unreachable_server_is_named_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, conn_type="postgres", host="127.0.0.1", port=1, schema="db", login="u", password=PASSWORD)
    with pytest.raises(LedgerError, match=r"127\.0\.0\.1:1/db") as caught:
        open_ledger()
    assert caught.value.transient
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("executor", "foreign"),
    [
        ("LocalExecutor", None),
        ("airflow.executors.local_executor.LocalExecutor", None),
        ("mine:LocalExecutor", None),
        ("mine:airflow.executors.local_executor.LocalExecutor , LocalExecutor", None),
        ("team_a=LocalExecutor;LocalExecutor", None),
        ("CeleryExecutor", "CeleryExecutor"),
        ("LocalExecutor,KubernetesExecutor", "KubernetesExecutor"),
        ("LocalExecutor;team_b=CeleryExecutor", "CeleryExecutor"),
        ("other.module.LocalExecutor", "other.module.LocalExecutor"),
        ("mine:celery.module.CeleryExecutor", "celery.module.CeleryExecutor"),
    ],
)
def test_an_sqlite_file_needs_the_local_executor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, executor: str, foreign: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    if foreign is None:
        assert open_ledger().place
        return
    with pytest.raises(ConfigurationError, match="LocalExecutor only") as caught:
        open_ledger()
    assert foreign in caught.value.message
    assert "Create a connection `ipaas_ledger` of type postgres" in caught.value.next_step
    define(monkeypatch, conn_type="sqlite", host=str(tmp_path / "x.db"))
    with pytest.raises(ConfigurationError, match="LocalExecutor only") as caught:
        open_ledger()
    assert "Make `ipaas_ledger` a connection of type postgres" in caught.value.next_step
    assert not (tmp_path / "x.db").exists()


def test_a_worker_pod_is_not_the_local_executor_whatever_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_IS_K8S_EXECUTOR_POD", "True")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    with pytest.raises(ConfigurationError, match="KubernetesExecutor"):
        open_ledger()


MOUNTS = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
server:/share /mnt/share nfs4 rw 0 0
/dev/vdb /mnt/share/local xfs rw 0 0
//server/x /mnt/with\\040space cifs rw 0 0
C:\\134 /mnt/c 9p rw 0 0
user@host: /mnt/ssh fuse.sshfs rw 0 0
bucket /mnt/bucket fuse rw 0 0
/dev/sdb1 /mnt/usb fuseblk rw 0 0
overlay /mnt/over overlay rw 0 0
first /mnt/twice nfs rw 0 0
second /mnt/twice ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/airflow/ledger.db", None),
        ("/mnt/share/ledger.db", "nfs4"),
        ("/mnt/shared/ledger.db", None),
        ("/mnt/share/local/deep/ledger.db", None),
        ("/mnt/share/../share/x.db", "nfs4"),
        ("/mnt/with space/x.db", "cifs"),
        ("/mnt/c/x.db", "9p"),
        ("/mnt/ssh/x.db", "fuse.sshfs"),
        ("/mnt/bucket/x.db", "fuse"),
        ("/mnt/usb/x.db", None),
        ("/mnt/over/x.db", None),
        ("/mnt/twice/x.db", None),
    ],
)
def test_network_file_systems_are_told_from_local_ones(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert _places.shared_file_system(Path(path), mounts) == kind


def test_a_9p_root_is_local_and_no_list_of_mounts_too(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("none / 9p rw 0 0\nshort\n")
    assert _places.shared_file_system(Path("/var/x.db"), mounts) is None
    assert _places.shared_file_system(Path("/var/x.db"), tmp_path / "missing") is None


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/ {tmp_path / 'real'} nfs rw 0 0\n")
    assert _places.shared_file_system(tmp_path / "alias" / "new" / "x.db", mounts) == "nfs"


def test_a_ledger_is_shared_within_the_process_until_its_file_is_another() -> None:
    first = open_ledger()
    first.start_run(a_run("r1"))
    assert open_ledger() is first
    for end in ("", "-wal", "-shm"):
        Path(f"{first.place}{end}").unlink(missing_ok=True)
    second = open_ledger()
    assert second is not first
    assert second.run("r1") is None


def test_a_forked_task_uses_the_ledger_of_its_parent() -> None:
    first = open_ledger()
    child = os.fork()
    if child == 0:
        try:
            open_ledger().start_run(a_run("child"))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert first.run("child") is not None
