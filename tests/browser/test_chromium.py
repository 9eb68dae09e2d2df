"""Finding the browser; needs none itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chromium import NoChromium, find_chromium


def program(place: Path, name: str) -> Path:
    file = place / name
    file.write_text("#!/bin/sh\n", "utf-8")
    file.chmod(0o755)
    return file


def test_the_first_known_name_on_path_is_taken(tmp_path: Path) -> None:
    program(tmp_path, "google-chrome")
    expected = program(tmp_path, "chromium-browser")
    assert find_chromium({"PATH": str(tmp_path)}) == str(expected)


def test_the_environment_names_another_program(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    expected = program(tmp_path, "my browser")
    assert find_chromium({"PATH": str(tmp_path), "CHROMIUM": str(expected)}) == str(expected)
    assert find_chromium({"PATH": str(tmp_path), "CHROMIUM": "my browser"}) == str(expected)


def test_without_any_the_message_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoChromium, match="sudo apt-get install chromium"):
        find_chromium({"PATH": str(tmp_path)})


def test_a_wrong_name_in_the_environment_is_an_error(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    with pytest.raises(NoChromium, match=r"^CHROMIUM=/nowhere/chrome is not a program"):
        find_chromium({"PATH": str(tmp_path), "CHROMIUM": "/nowhere/chrome"})
