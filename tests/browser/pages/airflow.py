"""Airflow's frame: the login page and the navigation."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect
from pydantic import SecretStr

from .connections import ConnectionsPage
from .dags import DagPage
from .monitoring import MonitoringPage


@dataclass
class AirflowPages:
    """Where a person gets from the navigation on the left."""

    page: Page
    url: str

    def log_in(self, user: str, password: SecretStr) -> None:
        """Log in on the page to which Airflow leads everybody who is not."""
        self.page.goto(self.url)
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").click()
        self.page.keyboard.insert_text(password.get_secret_value())
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Browse")).to_be_visible()

    def open_connections(self) -> ConnectionsPage:
        """Go to Admin > Connections."""
        self._choose("Admin", "Connections")
        found = ConnectionsPage(self.page)
        found.wait()
        return found

    def open_dag(self, dag_id: str) -> DagPage:
        """Go to a DAG from the list of DAGs."""
        self.page.get_by_role("link", name="Dags", exact=True).first.click()
        self.page.get_by_role("link", name=dag_id, exact=True).first.click()
        found = DagPage(self.page, dag_id)
        found.wait()
        return found

    def open_monitoring(self) -> MonitoringPage:
        """Go to Browse > Integration monitoring, which opens in a tab of its own."""
        with self.page.context.expect_page() as opened:
            self._choose("Browse", "Integration monitoring")
        found = MonitoringPage(opened.value)
        found.wait()
        return found

    def _choose(self, menu: str, entry: str) -> None:
        self.page.get_by_role("button", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()
