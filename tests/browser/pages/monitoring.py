"""Browse > Integration monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass
class MonitoringPage:
    """What waits, and the last runs with their numbers."""

    page: Page

    def wait(self) -> None:
        expect(self.page.get_by_role("heading", name="Integration monitoring")).to_be_visible()

    def numbers(self, run_id: str) -> dict[str, dict[str, int]]:
        """Return the numbers of a run by flow (as the page names it) and column.

        A run has a row per direction; its id, DAG and state stand in the first one and span all.
        """
        table = self.page.get_by_role("table").filter(has_text="Started")
        columns = table.get_by_role("columnheader").all_inner_texts()
        first, last = columns.index("Direction"), columns.index("Notes")
        rows = table.locator("tbody", has_text=run_id).get_by_role("row")
        found = {}
        for row in rows.all():
            cells = row.get_by_role("cell").all_inner_texts()
            flow, *values = cells[first - len(columns) : last - len(columns)]
            # Below the flow stands where its log is.
            found[flow.splitlines()[0]] = dict(zip(columns[first + 1 : last], map(int, values), strict=True))
        return found

    def waiting(self) -> list[dict[str, str]]:
        """Return the groups of waiting records, by column."""
        table = self.page.get_by_role("table").filter(has_text="Why")
        return _rows(table) if table.count() else []

    def open_code(self, code: str) -> RecordsPage:
        """Open the records that were refused with a code from the groups."""
        self.page.get_by_role("table").filter(has_text="Why").get_by_role("link", name=code, exact=True).click()
        found = RecordsPage(self.page)
        found.wait()
        return found

    def explain(self, record_id: str) -> RecordPage:
        """Look for a record by the search box."""
        self.page.get_by_role("textbox", name="Salesforce or iPaaS.com id").fill(record_id)
        self.page.get_by_role("button", name="Explain").click()
        found = RecordPage(self.page)
        found.wait()
        return found

    def open_failed(self, run_id: str) -> list[dict[str, str]]:
        """Open what failed in a run by its number; return the records by column."""
        run = self.page.get_by_role("table").filter(has_text="Started").locator("tbody", has_text=run_id)
        run.locator("td.red").get_by_role("link").click()
        expect(self.page.get_by_role("heading", name="Failed in this run")).to_be_visible()
        return _rows(self.page.get_by_role("table").filter(has_text="Message"))

    def back(self) -> None:
        """Go to the overview by the title of the page."""
        self.page.get_by_role("link", name="Integration monitoring", exact=True).click()
        expect(self.page.get_by_role("heading", name="Waiting now")).to_be_visible()

    @property
    def forms(self) -> int:
        """How many forms the page has that could change anything: none, it only shows and searches."""
        return self.page.locator('form:not([method="get"])').count()


@dataclass
class RecordsPage:
    """The records of one group."""

    page: Page

    def wait(self) -> None:
        expect(self.page.get_by_role("table").filter(has_text="Attempts")).to_be_visible()

    def records(self) -> list[dict[str, str]]:
        return _rows(self.page.get_by_role("table"))

    def address_of(self, record_id: str) -> str:
        """Return where the id of a record leads to."""
        return self.page.get_by_role("link", name=record_id, exact=True).get_attribute("href") or ""

    def open_log(self) -> str:
        """Follow the link to the log that tells why the first record waits; return the task whose log it is."""
        self.page.get_by_role("link", name="last run", exact=True).first.click()
        self.page.wait_for_url("**/tasks/**")
        return self.page.url.rpartition("/tasks/")[2].partition("?")[0]


@dataclass
class RecordPage:
    """What the ledger knows of one record."""

    page: Page

    def wait(self) -> None:
        expect(self.page.get_by_role("heading", name="Why did, or didn't, this record sync?")).to_be_visible()

    @property
    def titles(self) -> list[str]:
        """Return the headings of the records, the question above them left out."""
        return self.page.get_by_role("heading", level=2).all_inner_texts()[1:]

    @property
    def sentences(self) -> list[str]:
        return self.page.get_by_role("listitem").all_inner_texts()

    def fields(self) -> list[dict[str, str]]:
        """Return the fields by column."""
        table = self.page.get_by_role("table").filter(has_text="Last written")
        return _rows(table) if table.count() else []

    def problem(self) -> str:
        return self.page.get_by_role("alert").inner_text()


def _rows(table: Locator) -> list[dict[str, str]]:
    columns = table.get_by_role("columnheader").all_inner_texts()
    rows = table.locator("tbody").get_by_role("row").all()
    return [dict(zip(columns, row.get_by_role("cell").all_inner_texts(), strict=True)) for row in rows]
