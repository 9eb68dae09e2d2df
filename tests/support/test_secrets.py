"""The search for secrets finds them: a search that finds nothing proves nothing."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.secrets import leaks, leaks_below

SECRET = "5Aep861/p+w!%ü-secret"


@pytest.mark.parametrize(
    "content",
    [
        SECRET,
        f"?token={quote(SECRET, safe='')}&x=1",
        f"Basic {base64.b64encode(f'key:{SECRET}'.encode()).decode()}",
        base64.b64encode(f"a{SECRET}zz".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{SECRET}".encode()).decode(),
        base64.b64encode(f"abc{SECRET}z".encode()).decode(),
    ],
)
def test_every_spelling_is_found(content: str) -> None:
    assert leaks(f"before {content} after".encode(), [SECRET]) == ["5Aep… (21 characters)"]


def test_other_texts_are_not(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("refreshed *** for 5Aep861", "utf-8")
    assert leaks_below([tmp_path], [SECRET]) == []


def test_files_and_rows_are_searched(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "task.log").write_text(f"oops {SECRET}", "utf-8")
    (tmp_path / "tokens.db").write_text(SECRET, "utf-8")
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as database:
        database.execute("CREATE TABLE xcom (value TEXT)")
        database.execute("INSERT INTO xcom VALUES (?)", [f'{{"token": "{SECRET}"}}'])
        database.commit()
    found = leaks_below([tmp_path], [SECRET], without=["tokens.db"])
    places = {leak.removeprefix(f"{tmp_path}/").partition(": 5Aep")[0] for leak in found}
    assert places == {"airflow.db", "airflow.db, table xcom", "logs/task.log"}
