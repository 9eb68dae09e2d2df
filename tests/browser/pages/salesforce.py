"""Salesforce's own pages, as the sandbox shows them: login and consent."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, Route, expect
from pydantic import SecretStr

_APPROVAL = "**/RemoteAccessAuthorizationPage.apexp"


@dataclass
class SalesforcePages:
    """Where Connect leads."""

    page: Page

    def log_in(self, user: str, password: SecretStr) -> None:
        """Log in, which leads to the question whether to allow access."""
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").click()
        self.page.keyboard.insert_text(password.get_secret_value())
        self.page.get_by_role("button", name="Log In").click()
        self.wait_for_question()

    def wait_for_question(self) -> None:
        expect(self.page.get_by_role("heading", name="Allow Access?")).to_be_visible()

    @property
    def question(self) -> str:
        """Who is asked by which app for what."""
        return self.page.get_by_role("main").inner_text()

    def allow(self) -> None:
        """Press Allow; the browser goes back to Airflow."""
        self._decide("Allow")

    def allow_and_stay(self) -> str:
        """Press Allow, and stop the browser on its way; return the address where it would have gone."""
        addresses = []

        def stop(route: Route) -> None:
            addresses.append(route.fetch(max_redirects=0).headers["location"])
            # No content: the browser stays where it is.
            route.fulfill(status=204)

        self.page.route(_APPROVAL, stop)
        with self.page.expect_response(_APPROVAL):
            self.page.get_by_role("button", name="Allow", exact=True).click()
        self.page.unroute(_APPROVAL)
        return addresses[0]

    def deny(self) -> None:
        """Press Deny; the browser goes back to Airflow."""
        self._decide("Deny")

    def _decide(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page.get_by_role("heading", name="iPaaS.com connections")).to_be_visible()
