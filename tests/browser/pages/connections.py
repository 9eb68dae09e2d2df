"""Admin > Connections."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from .forms import Form


@dataclass
class ConnectionsPage:
    """The list of connections and the form that adds one."""

    page: Page

    def wait(self) -> None:
        expect(self._add_button).to_be_visible()

    def row(self, conn_id: str) -> Locator:
        """Return the line of a connection."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=conn_id, exact=True))

    def new(self, conn_id: str, type_name: str) -> Form:
        """Open the form of a new connection and choose its type by the name people see."""
        self._add_button.click()
        form = Form(self.page.get_by_role("dialog"))
        form.type("Connection ID", conn_id)
        form.choose("Connection Type", type_name)
        form.open_section("Standard Fields")
        return form

    def save(self, form: Form, conn_id: str) -> None:
        """Save the form and wait until the list shows the connection."""
        form.submit("Save")
        expect(self.row(conn_id)).to_be_visible()

    @property
    def _add_button(self) -> Locator:
        return self.page.get_by_role("button", name="Add Connection")
