"""A form in one of Airflow's dialogs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, expect
from pydantic import SecretStr


@dataclass
class Form:
    """Fills fields by their labels.

    Airflow ties only some of its labels to their input, so a field is the group that holds the label.
    """

    dialog: Locator

    def open_section(self, title: str) -> None:
        """Unfold a section; Airflow folds the others up."""
        button = self.dialog.get_by_role("button", name=title, exact=True)
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        expect(button).to_have_attribute("aria-expanded", "true")

    def show(self, title: str) -> None:
        """Move to a section, as far up as it goes."""
        self.dialog.get_by_role("button", name=title, exact=True).evaluate("button => button.scrollIntoView()")

    def type(self, label: str, text: str) -> None:
        self._field(label).get_by_role("textbox").fill(text)

    def type_secret(self, label: str, secret: SecretStr) -> None:
        """Type what must not show in an error message, as the text of `fill` would."""
        box = self._field(label).get_by_role("textbox")
        box.click()
        box.page.keyboard.insert_text(secret.get_secret_value())
        if box.input_value() != secret.get_secret_value():
            raise AssertionError(f"The field {label} does not hold what was typed.")

    def type_number(self, label: str, number: int) -> None:
        self._field(label).get_by_role("spinbutton").fill(str(number))

    def choose(self, label: str, option: str) -> None:
        """Choose from a list that is searched by typing."""
        self._field(label).get_by_role("combobox").fill(option)
        self.dialog.page.get_by_role("option", name=option, exact=True).click()
        expect(self._field(label)).to_contain_text(option)

    def switch_on(self, label: str) -> None:
        # By keyboard: the checkbox itself is invisible, its picture has no role.
        box = self._field(label).get_by_role("checkbox")
        box.focus()
        box.press("Space")
        expect(box).to_be_checked()

    def submit(self, button: str) -> None:
        """Press the button that sends the form off and wait until the dialog has gone."""
        self.dialog.get_by_role("button", name=button, exact=True).click()
        expect(self.dialog).to_be_hidden()

    def _field(self, label: str) -> Locator:
        # A required field's label ends in an asterisk.
        title = self.dialog.page.locator("label", has_text=re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$"))
        return self.dialog.get_by_role("group").filter(has=title)
