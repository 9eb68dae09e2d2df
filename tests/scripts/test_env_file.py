"""`make env`: every secret once, and never another."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from env_file import MAKERS, complete, read


def test_makes_every_secret_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert complete(file) == list(MAKERS)
    made = read(file.read_text("utf-8"))
    assert set(made) == set(MAKERS)
    assert len(set(made.values())) == len(MAKERS)
    assert all(len(value) >= 44 for value in made.values())
    assert len(made["JWT_SECRET"]) >= 64
    Fernet(made["FERNET_KEY"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    complete(file)
    before = file.read_text("utf-8")
    assert complete(file) == []
    assert file.read_text("utf-8") == before


def test_keeps_what_is_there_and_adds_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nAIRFLOW_PORT=9090\nPOSTGRES_PASSWORD='old one'", "utf-8")
    file.chmod(0o644)
    assert complete(file) == [name for name in MAKERS if name != "POSTGRES_PASSWORD"]
    text = file.read_text("utf-8")
    assert text.startswith("# ours\nAIRFLOW_PORT=9090\nPOSTGRES_PASSWORD='old one'\n")
    assert read(text)["POSTGRES_PASSWORD"] == "old one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_name_without_a_value_is_for_a_person_to_settle(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("JWT_SECRET=\n", "utf-8")
    with pytest.raises(ValueError, match="JWT_SECRET without a value"):
        complete(file)
    assert file.read_text("utf-8") == "JWT_SECRET=\n"
