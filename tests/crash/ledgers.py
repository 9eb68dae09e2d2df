"""Ledgers that can be put back to an earlier state: an SQLite file, or a database of a PostgreSQL server."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Protocol

from psycopg2 import sql
from sqlalchemy import make_url

from airflow_provider_ipaas.ledger import SqlLedger
from tests.support.postgres import PostgresCluster


class Shelf(Protocol):
    """One ledger at one URL, and copies of it. Nobody may have the ledger open while it is copied."""

    url: str

    @property
    def connection(self) -> str:
        """The Airflow connection to the ledger, as JSON."""

    def keep(self) -> str:
        """Copy the ledger; return the name of the copy."""

    def put_back(self, copy: str) -> None:
        """Replace the ledger by a copy."""


class SqliteShelf:
    """A file and its copies beside it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"
        self._numbers = itertools.count(1)
        self.url = f"sqlite:///{self._path}"
        SqlLedger.open(self.url).close()

    @property
    def connection(self) -> str:
        return json.dumps({"conn_type": "sqlite", "host": str(self._path)})

    def keep(self) -> str:
        copy = self._path.with_name(f"copy-{next(self._numbers)}.db")
        self._copy(self._path, copy)
        return str(copy)

    def put_back(self, copy: str) -> None:
        self._copy(Path(copy), self._path)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        """Copy a file with its write-ahead log: a process that was killed left what it committed there."""
        for ending in ("", "-wal"):
            Path(f"{target}{ending}").unlink(missing_ok=True)
            if Path(f"{source}{ending}").exists():
                shutil.copy(f"{source}{ending}", f"{target}{ending}")
        Path(f"{target}-shm").unlink(missing_ok=True)


class PostgresShelf:
    """A database and its copies on the same server."""

    def __init__(self, cluster: PostgresCluster) -> None:
        self._cluster = cluster
        self.url = cluster.new_database()
        self._name = str(make_url(self.url).database)
        self._numbers = itertools.count(1)
        SqlLedger.open(self.url).close()

    @property
    def connection(self) -> str:
        url = make_url(self.url)
        parts = {"host": url.host, "port": url.port, "login": url.username, "schema": url.database}
        return json.dumps({"conn_type": "postgres", **parts})

    def keep(self) -> str:
        copy = f"{self._name}_{next(self._numbers)}"
        self._copy(self._name, copy)
        return copy

    def put_back(self, copy: str) -> None:
        self._copy(copy, self._name)

    def _copy(self, source: str, target: str) -> None:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        connection = self._cluster.connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
                cursor.execute(sql.SQL("CREATE DATABASE {target} TEMPLATE {source}").format(**names))
        finally:
            connection.close()
