"""Browse > iPaaS.com connections: which connections there are, how they stand, and what can be done with one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from .salesforce import SalesforcePages

# Examining a connection calls both services dozens of times.
_TEST_TIMEOUT_MS = 90_000


@dataclass
class ConnectionsOverview:
    """The list."""

    page: Page

    def wait(self) -> None:
        expect(self.page.get_by_role("heading", name="iPaaS.com connections")).to_be_visible()

    def line(self, conn_id: str) -> dict[str, str]:
        """Return the line of a connection by column."""
        columns = self.page.get_by_role("columnheader").all_inner_texts()
        row = self.page.get_by_role("row").filter(has=self._link(conn_id))
        return dict(zip(columns, row.get_by_role("cell").all_inner_texts(), strict=True))

    def open(self, conn_id: str) -> ConnectionPage:
        self._link(conn_id).click()
        return connection_page(self.page, conn_id)

    def _link(self, conn_id: str) -> Locator:
        return self.page.get_by_role("link", name=conn_id, exact=True)


@dataclass
class ConnectionPage:
    """The page of one connection."""

    page: Page
    conn_id: str

    @property
    def state(self) -> str:
        """The state that stands beside the name."""
        return self._heading.inner_text().removeprefix(self.conn_id).strip()

    @property
    def notice(self) -> str:
        """What the page says once, after something was done."""
        return self.page.get_by_role("status").inner_text()

    @property
    def trouble(self) -> str:
        """What the page says is wrong, with the next step."""
        return self.page.get_by_role("alert").inner_text()

    @property
    def facts(self) -> dict[str, str]:
        """What the page says of the connection, by its label."""
        labels, values = (self.page.get_by_role(role) for role in ("term", "definition"))
        return dict(zip(labels.all_inner_texts(), values.all_inner_texts(), strict=True))

    @property
    def callback_url(self) -> str:
        return self.page.get_by_label("Enter this in the app's OAuth settings").input_value()

    def wait(self) -> None:
        expect(self._heading).to_be_visible()

    def connect(self) -> SalesforcePages:
        """Press the button that leads to Salesforce; on a page that is connected it is called otherwise."""
        self.page.get_by_role("button", name=re.compile("^(Connect to Salesforce|Connect again)$")).click()
        return SalesforcePages(self.page)

    def reset(self) -> Ending:
        """Press Reset, which asks, and then the button that does it."""
        self.ask_to_reset().click()
        expect(self.page.get_by_role("heading", name=f"Reset of {self.conn_id}")).to_be_visible()
        return Ending(self.page)

    def ask_to_reset(self) -> Locator:
        """Press Reset; return the button that it shows, with what that one does."""
        self.page.get_by_text("Reset", exact=True).click()
        button = self.page.get_by_role("button", name="Revoke and delete")
        expect(button).to_be_visible()
        return button

    def test(self) -> TestPage:
        """Press Test and wait for what is found."""
        # The page comes in one piece, when all is examined.
        with self.page.expect_navigation(timeout=_TEST_TIMEOUT_MS):
            self.page.get_by_role("button", name="Test", exact=True).click(no_wait_after=True)
        expect(self.page.get_by_role("heading", name=f"Test of {self.conn_id}")).to_be_visible()
        return TestPage(self.page)

    @property
    def _heading(self) -> Locator:
        return self.page.get_by_role("heading", name=re.compile(rf"^{re.escape(self.conn_id)} "))


@dataclass
class TestPage:
    """What Test found."""

    # Not one of pytest's.
    __test__ = False

    page: Page

    @property
    def verdict(self) -> str:
        return self.page.get_by_role("heading", level=2).first.inner_text()

    @property
    def counts(self) -> str:
        return self.page.get_by_role("status").inner_text()

    def findings(self) -> dict[str, str]:
        """Return what was found, by check; the last of several findings of one check."""
        rows = self.page.get_by_role("table").get_by_role("row").all()[1:]
        cells = [row.get_by_role("cell").all_inner_texts() for row in rows]
        return {check: f"{status}: {message}" for status, check, _, message, _ in cells}


@dataclass
class Ending:
    """A page that says what happened instead, and the next step."""

    page: Page

    @property
    def title(self) -> str:
        return self.page.get_by_role("heading", level=2).inner_text()

    @property
    def text(self) -> str:
        return self.page.get_by_role("main").inner_text()

    def go_back(self, conn_id: str) -> ConnectionPage:
        """Follow the link that leads back to the connection."""
        self.page.get_by_role("link", name="Back to the connection").click()
        return connection_page(self.page, conn_id)


def connection_page(page: Page, conn_id: str) -> ConnectionPage:
    """Wait for the page of a connection."""
    found = ConnectionPage(page, conn_id)
    found.wait()
    return found
