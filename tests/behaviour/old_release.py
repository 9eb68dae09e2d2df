"""Ledgers as earlier releases left them, with work in them: `releases/ledger-<version>.sql`, one per version of the tables.

    python -m tests.behaviour.old_release

writes the one of the release at hand. Do so before a migration is added, never after: the files are what users have.
"""

from __future__ import annotations

import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from airflow_provider_ipaas.ledger import SqlLedger, migrate
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.behaviour import world
from tests.support.rig import Rig

RELEASES = Path(__file__).parent / "releases"
# Both services stand still then: what the ledger remembers of them is the same each time.
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
READS = ("extract_salesforce", "extract_ipaas", "prerequisites", "plan")


def stand_still(rig: Rig) -> None:
    """Stop the clocks of both services at `MOMENT`."""
    for service in ("salesforce", "ipaas"):
        rig.control("POST", "clock", {"service": service, "now": MOMENT.isoformat(), "frozen": True})
    rig.offset = MOMENT - datetime.now(UTC)


def live(rig: Rig) -> None:
    """Play what leaves a ledger with links, refused and parked records, and a run that was stopped after its plan."""
    world.account(rig, "Pair", Phone="1")
    rig.run("account", full=True).ok  # noqa: B018
    rule = {"sobject": "Account", "condition": "Name = 'Refused'", "message": "No."}
    rig.control("POST", "salesforce/validation-rules", rule)
    world.company(rig, "Refused")
    rig.run("account").ok  # noqa: B018
    world.company(rig, "Twin 2", account_number="7")
    world.account(rig, "Twin 3", AccountNumber="7")
    rig.run("account").ok  # noqa: B018
    parent = world.account(rig, "Parent")
    world.contact(rig, parent, LastName="Child", email="child@example.com")
    rig.run("contact").ok  # noqa: B018
    world.account(rig, "New")
    for step in READS:
        rig.step(step, rig.sync("account", "stopped", {}))


def restored(version: str, path: Path) -> None:
    """Make the ledger file that a release left."""
    with sqlite3.connect(path) as database:
        database.executescript((RELEASES / f"ledger-{version}.sql").read_text())
    database.close()


def main() -> None:
    with Sandbox.start() as sandbox, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        ledger = SqlLedger.open(f"sqlite:///{path}")
        rig = Rig(sandbox, ledger)
        stand_still(rig)
        live(rig)
        ledger.close()
        with sqlite3.connect(path) as database:
            text = "\n".join(database.iterdump())
        database.close()
    RELEASES.mkdir(exist_ok=True)
    written = RELEASES / f"ledger-{migrate.LEDGER.head}.sql"
    written.write_text(text + "\n")
    print(f"{written}: {len(text):,} characters")


if __name__ == "__main__":
    main()
