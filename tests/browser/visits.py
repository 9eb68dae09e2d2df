"""Persons in front of a browser: what goes wrong during a visit leaves pictures, and what they were given is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Page
from pydantic import SecretStr

from _airflow import USER

from .chromium import TIMEOUT_MS
from .gallery import Gallery
from .pages.airflow import AirflowPages
from .traffic import NOTED

# Airflow's.
_LOGIN_COOKIE = "_token"


@dataclass
class Visit:
    """One person's browser, logged in to Airflow."""

    page: Page
    airflow: AirflowPages
    gallery: Gallery

    def new_tab(self) -> Page:
        """Open an empty tab."""
        return self.page.context.new_page()

    def picture(self, name: str, page: Page | None = None) -> None:
        """Save a picture of the page (or another one of the visit) for the guides, when pictures are asked for."""
        self.gallery.take(page or self.page, name)


@dataclass
class Visitors:
    """Lets persons in. A user's browser stays open from visit to visit, with Airflow in its first tab.

    Once they are closed, what the browsers were given is in *traffic*, and in *sessions* what they were logged in with.
    """

    browser: Browser
    airflow_url: str
    passwords: dict[str, SecretStr]
    gallery: Gallery
    traffic: Path
    sessions: set[str] = field(default_factory=set, repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)
    _known: dict[str, Page] = field(default_factory=dict, repr=False)

    @contextmanager
    def visit(self, pictures: Path, *, user: str = USER, anew: bool = False) -> Iterator[Visit]:
        """Let a person in; an error inside comes out with pictures of the open tabs.

        With *anew* the browser is another one than the user's own, for those who log out.
        """
        known = None if anew else self._known.pop(user, None)
        page = known or self._open()
        try:
            airflow = AirflowPages(page, self.airflow_url)
            if known is None:
                airflow.log_in(user, self.passwords[user])
            yield Visit(page, airflow, self.gallery)
        except Exception as error:
            for note in _photograph(page.context, pictures):
                error.add_note(note)
            self._close(page.context)
            raise
        if anew:
            self._close(page.context)
            return
        self._known[user] = page
        for tab in page.context.pages[1:]:
            tab.close()

    def close(self) -> None:
        """Close the browsers of all users."""
        for page in self._known.values():
            self._close(page.context)
        self._known.clear()

    def _close(self, context: BrowserContext) -> None:
        self.sessions |= {cookie["value"] for cookie in context.cookies() if cookie["name"] == _LOGIN_COOKIE}
        context.close()

    def _open(self) -> Page:
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 800},
            locale="en-US",
            timezone_id="UTC",
            color_scheme="light",
            record_har_path=self.traffic / f"{next(self._numbers):03}.har",
            record_har_content="embed",
            record_har_url_filter=NOTED,
        )
        context.set_default_timeout(TIMEOUT_MS)
        return context.new_page()


def _photograph(context: BrowserContext, pictures: Path) -> list[str]:
    """Save a picture of each open page; return a sentence for each."""
    notes = []
    for number, page in enumerate(context.pages, start=1):
        picture = pictures / f"failed-{number}.png"
        # Queries may carry codes and states.
        address = page.url.partition("?")[0]
        try:
            page.screenshot(path=picture)
            notes.append(f"Page {number} was at {address}; screenshot: {picture}")
        except Error:
            notes.append(f"Page {number} was at {address}; no screenshot could be taken.")
    return notes
