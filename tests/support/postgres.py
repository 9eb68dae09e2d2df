"""A throw-away PostgreSQL server for tests: own directory, loopback only, gone with the session."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from _postgres import account as server_account
from _postgres import find_binaries
from _processes import StartError


class PostgresCluster:
    """A running server; makes databases on demand."""

    def __init__(self, port: int, user: str) -> None:
        self._port = port
        self._user = user
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg2://{self._user}@127.0.0.1:{self._port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its SQLAlchemy URL."""
        name = f"test_{next(self._numbers)}"
        connection = self.connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()
        return self.url(name)

    def connect(self, database: str) -> Any:
        """Open a plain connection."""
        return psycopg2.connect(host="127.0.0.1", port=self._port, user=self._user, dbname=database, connect_timeout=5)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Start a server for the session."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: PostgresCluster) -> str:
    """Return the URL of one database shared by the session."""
    return postgres_cluster.new_database()


@pytest.fixture
def fresh_postgres_url(postgres_cluster: PostgresCluster) -> str:
    """Return the URL of an empty database of this test's own."""
    return postgres_cluster.new_database()


@contextmanager
def running_cluster() -> Iterator[PostgresCluster]:
    """Start a server in a temporary directory and stop it at the end.

    The server refuses to run as root: then it runs as `postgres`, or as `nobody` where that user does not exist.
    """
    try:
        binaries, account = find_binaries(), server_account()
    except StartError as error:
        pytest.fail(f"{error}\n`make test` needs no PostgreSQL.", pytrace=False)
    # A socket's path must stay short, which a path under pytest's temporary directory is not.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if account:
            shutil.chown(home, account.pw_name, account.pw_gid)
        data = home / "data"
        _run([binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"], account, home)
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": home,
            "max_connections": 60,
            # The data dies with the session: durability would only cost time.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (home / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=home,
                start_new_session=True,
                **_as(account),
            )
        try:
            cluster = PostgresCluster(port, "tester")
            _wait_until_ready(cluster, server, home / "server.log")
            yield cluster
        finally:
            _stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _run(command: list[Any], account: pwd.struct_passwd | None, cwd: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, **_as(account))
    if done.returncode != 0:
        pytest.fail(f"{command[0]} failed:\n{done.stdout}{done.stderr}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(cluster: PostgresCluster, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.connect("postgres").close()
            return
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text('utf-8', 'replace')}", pytrace=False)
            time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Shut down without waiting for clients; kill after a while."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
