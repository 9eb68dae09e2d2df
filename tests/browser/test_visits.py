"""What a failed visit leaves behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from .visits import Visit

Visiting = Callable[..., AbstractContextManager[Visit]]


def go_wrong(visit: Visiting) -> None:
    with visit() as person:
        person.page.goto(f"{person.airflow.url}/connections?search=not-for-the-message")
        raise ValueError("failed as told")


def test_a_failure_says_where_its_screenshots_are(visit: Visiting, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="failed as told") as raised:
        go_wrong(visit)
    (note,) = raised.value.__notes__
    assert re.search(r"Page 1 was at http://127\.0\.0\.1:\d+/connections; screenshot: ", note)
    (picture,) = tmp_path.glob("*.png")
    assert str(picture) in note
    assert picture.read_bytes().startswith(b"\x89PNG")
