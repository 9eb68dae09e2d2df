"""Browse > Integration monitoring."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect


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
            found[flow] = dict(zip(columns[first + 1 : last], map(int, values), strict=True))
        return found
