"""Persons in front of a browser: each visit has a context of its own and leaves pictures when it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Page
from pydantic import SecretStr

from _airflow import USER

from .chromium import TIMEOUT_MS
from .gallery import Gallery
from .pages.airflow import AirflowPages


@dataclass
class Visit:
    """One person's browser, logged in to Airflow."""

    page: Page
    airflow: AirflowPages
    gallery: Gallery

    def picture(self, name: str, page: Page | None = None) -> None:
        """Save a picture of the page (or another one of the visit) for the guides, when pictures are asked for."""
        self.gallery.take(page or self.page, name)


@dataclass
class Visitors:
    """Lets persons in."""

    browser: Browser
    airflow_url: str
    passwords: dict[str, SecretStr]
    gallery: Gallery

    @contextmanager
    def visit(self, pictures: Path, *, user: str = USER) -> Iterator[Visit]:
        """Log in with a fresh browser context; an error inside comes out with pictures of the open pages."""
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="en-US", timezone_id="UTC", color_scheme="light"
        )
        context.set_default_timeout(TIMEOUT_MS)
        try:
            page = context.new_page()
            airflow = AirflowPages(page, self.airflow_url)
            airflow.log_in(user, self.passwords[user])
            yield Visit(page, airflow, self.gallery)
        except Exception as error:
            for note in _photograph(context, pictures):
                error.add_note(note)
            raise
        finally:
            context.close()


def _photograph(context: BrowserContext, pictures: Path) -> list[str]:
    """Save a picture of each open page; return a sentence for each."""
    notes = []
    for number, page in enumerate(context.pages, start=1):
        picture = pictures / f"failed-{number}.png"
        # Queries may carry codes and states.
        address = page.url.partition("?")[0]
        try:
            page.screenshot(path=picture, timeout=5_000)
            notes.append(f"Page {number} was at {address}; screenshot: {picture}")
        except Error:
            notes.append(f"Page {number} was at {address}; no screenshot could be taken.")
    return notes
