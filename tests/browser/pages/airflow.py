"""Airflow's frame: the login page and the navigation."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect
from pydantic import SecretStr

from .connections import ConnectionsPage
from .dags import DagPage
from .ipaas_connections import ConnectionPage, ConnectionsOverview, Ending
from .monitoring import MonitoringPage


@dataclass
class AirflowPages:
    """Where a person gets from the navigation on the left."""

    page: Page
    url: str

    def log_in(self, user: str, password: SecretStr) -> None:
        """Log in on the page to which Airflow leads everybody who is not."""
        self._come_to_front()
        self.page.goto(self.url)
        self.fill_in(user, password, self.page)
        expect(self.page.get_by_role("button", name="Browse")).to_be_visible()

    def log_out(self) -> None:
        """Log out by the menu of the user."""
        self._choose("User", "Logout")
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible()

    @staticmethod
    def fill_in(user: str, password: SecretStr, page: Page) -> None:
        """Fill in the login page and send it off."""
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").click()
        page.keyboard.insert_text(password.get_secret_value())
        page.get_by_role("button", name="Sign in").click()

    def open_connections(self) -> ConnectionsPage:
        """Go to Admin > Connections."""
        self._choose("Admin", "Connections")
        found = ConnectionsPage(self.page)
        found.wait()
        return found

    def open_dag(self, dag_id: str) -> DagPage:
        """Go to a DAG from the list of DAGs."""
        self._come_to_front()
        self.page.get_by_role("link", name="Dags", exact=True).first.click()
        self.page.get_by_role("link", name=dag_id, exact=True).first.click()
        found = DagPage(self.page, dag_id)
        found.wait()
        return found

    def open_monitoring(self) -> MonitoringPage:
        """Go to Browse > Integration monitoring, which opens in a tab of its own."""
        found = MonitoringPage(self._open_tab("Integration monitoring"))
        found.wait()
        return found

    def open_ipaas_connections(self) -> ConnectionsOverview:
        """Go to Browse > iPaaS.com connections, which opens in a tab of its own."""
        found = ConnectionsOverview(self._open_tab("iPaaS.com connections"))
        found.wait()
        return found

    def open_connection(self, conn_id: str) -> ConnectionPage:
        """Go to the page of one connection from that list."""
        return self.open_ipaas_connections().open(conn_id)

    def refused_connections(self) -> Ending:
        """Choose Browse > iPaaS.com connections as somebody who is not let in."""
        found = Ending(self._open_tab("iPaaS.com connections"))
        expect(found.page.get_by_role("heading", name="Not allowed")).to_be_visible()
        return found

    def _open_tab(self, entry: str) -> Page:
        with self.page.context.expect_page() as opened:
            self._choose("Browse", entry)
        return opened.value

    def _come_to_front(self) -> None:
        # Chromium slows the tabs behind down.
        self.page.bring_to_front()

    def _choose(self, menu: str, entry: str) -> None:
        self._come_to_front()
        self.page.get_by_role("button", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()
