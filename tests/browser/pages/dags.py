"""The pages of a DAG, of a run and of a task's log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from playwright.sync_api import Locator, Page, expect

from .forms import Form

_RUN_TIMEOUT_MS = 180_000
_ENDED = re.compile("^(Success|Failed|Upstream Failed|Skipped|Removed)$")


@dataclass
class DagPage:
    """The page of one DAG."""

    page: Page
    dag_id: str

    def wait(self) -> None:
        # The address changes before the page does, and the list left behind has buttons of the same name.
        expect(self.page.get_by_role("heading", name=self.dag_id, exact=True)).to_be_visible()

    def trigger_form(self) -> Form:
        """Open the trigger form with its parameters unfolded."""
        self.page.get_by_role("button", name="Trigger Dag", exact=True).click()
        form = Form(self.page.get_by_role("dialog"))
        form.open_section("Run Parameters")
        return form

    def trigger(self, form: Form) -> RunPage:
        """Trigger the run; Airflow goes to its page."""
        form.submit("Trigger")
        return self._run_page()

    def open_run(self, run_id: str) -> RunPage:
        """Go to a run from the list of the DAG's runs."""
        self.page.get_by_role("link", name="Runs", exact=True).click()
        self.page.get_by_role("link", name=run_id, exact=True).click()
        return self._run_page()

    def _run_page(self) -> RunPage:
        address = re.compile(rf"/dags/{re.escape(self.dag_id)}/runs/([^/?]+)")
        self.page.wait_for_url(address)
        found = address.search(self.page.url)
        if found is None:
            raise AssertionError("The page left the run.")
        run = RunPage(self.page, self.dag_id, unquote(found[1]))
        run.wait()
        return run


@dataclass
class RunPage:
    """The page of one run."""

    page: Page
    dag_id: str
    run_id: str

    def wait(self) -> None:
        expect(self.page.get_by_role("heading", name=self.run_id, exact=True)).to_be_visible()

    def wait_for_end(self, task_id: str) -> str:
        """Return the state of a task once it has ended, as the page, which refreshes itself, shows it."""
        state = self._row(task_id).get_by_role("cell").get_by_text(_ENDED)
        expect(state).to_be_visible(timeout=_RUN_TIMEOUT_MS)
        return state.inner_text()

    def open_log(self, task_id: str) -> LogPage:
        self._row(task_id).get_by_role("link", name=task_id, exact=True).click()
        expect(self.page.get_by_role("heading", name=task_id, exact=True)).to_be_visible()
        return LogPage(self.page)

    def _row(self, task_id: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=task_id, exact=True))


@dataclass
class LogPage:
    """The log of a task."""

    page: Page

    def numbers(self, collection: str) -> dict[str, dict[str, int]]:
        """Return the numbers of the run's summary by direction and column, as the report logs them."""
        entry = self.page.get_by_text(f"collection {collection}")
        entry.scroll_into_view_if_needed()
        _, head, *lines = entry.inner_text().splitlines()
        # A line per direction; further ones give reasons.
        rows = (line.split() for line in lines[:2])
        return {name: dict(zip(head.split(), map(int, values), strict=True)) for name, *values in rows}

    @property
    def error(self) -> str:
        """The message of the exception that ended the task: the last entry of the log."""
        entry = self.page.get_by_text("AirflowFailException: ").last
        entry.scroll_into_view_if_needed()
        return entry.inner_text()
