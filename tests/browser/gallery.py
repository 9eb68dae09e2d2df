"""Pictures of the way through the pages, for the guides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

from .png import smaller

# Replaces in every text of the page; nothing is painted until React renders that text again.
_REPLACE = """([before, after]) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        texts.currentNode.data = texts.currentNode.data.replaceAll(before, after);
    }
}"""


@dataclass
class Gallery:
    """A directory of pictures; without one, taking a picture does nothing."""

    directory: Path | None
    # What is particular to the machine, and what the picture shows instead.
    stand_ins: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def take(self, page: Page, name: str) -> None:
        """Save what the window shows as *name*.png; of several with one name the first is kept."""
        if self.directory is None or name in self._taken:
            return
        self._taken.add(name)
        self.directory.mkdir(parents=True, exist_ok=True)
        for before, after in self.stand_ins.items():
            page.evaluate(_REPLACE, [before, after])
        # A pointer that rests on a button shows its tooltip.
        page.mouse.move(0, 0)
        taken = page.screenshot(animations="disabled", caret="hide")
        (self.directory / f"{name}.png").write_bytes(smaller(taken))
