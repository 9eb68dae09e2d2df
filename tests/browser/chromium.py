"""The system's Chromium: where it is, and how it is started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

# How long a page may take to do what is asked. Generous: a page of Airflow calls its API a dozen times, and on a busy
# machine the browser waits for its turn as well.
TIMEOUT_MS = 60_000

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HOW_TO_GET = (
    "  Debian:          sudo apt-get install chromium\n"
    "  Ubuntu:          sudo snap install chromium, or the .deb of Google Chrome\n"
    "  Fedora:          sudo dnf install chromium\n"
    "  macOS:           brew install --cask google-chrome, then\n"
    '                   export CHROMIUM="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"\n'
    "or set CHROMIUM to the program of a Chromium or Chrome. `make test` needs no browser."
)
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # Everything the tests need is on loopback: whatever else a page asks for does not exist.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class NoChromium(Exception):
    """There is no browser to run; the message says how to get one."""


def find_chromium(environment: Mapping[str, str]) -> str:
    """Return the program named by CHROMIUM, or else the first known one on PATH; raise `NoChromium` without any."""
    places = environment.get("PATH", os.defpath)
    if named := environment.get("CHROMIUM"):
        if found := shutil.which(named, path=places):
            return found
        raise NoChromium(
            f"CHROMIUM={named} is not a program that can be started. Correct it, or install one:\n{_HOW_TO_GET}"
        )
    for name in _NAMES:
        if found := shutil.which(name, path=places):
            return found
    raise NoChromium(f"These tests drive Chromium and found none of {', '.join(_NAMES)} on PATH.\n{_HOW_TO_GET}")


@contextmanager
def running_chromium(program: str) -> Iterator[Browser]:
    """Start the browser without a window and close it at the end.

    Playwright leaves the sandbox of Chromium off unless asked: it cannot be had as root, nor in most containers, and the
    tests see no page but their own.
    """
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
