"""Ledgers as earlier releases left them: this one takes them over with everything that waits in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.ledger import migrate
from airflow_provider_ipaas.sync.report import report
from tests.behaviour import world
from tests.behaviour.old_release import RELEASES, live, restored, stand_still
from tests.behaviour.test_old_ledgers import opened, waiting
from tests.support.rig import Rig

VERSIONS = sorted(path.stem.removeprefix("ledger-") for path in RELEASES.glob("ledger-*.sql"))


def test_every_version_of_the_tables_has_its_ledger() -> None:
    """Before a migration is added, `python -m tests.behaviour.old_release` keeps what there was."""
    released = {path.name[1:5] for path in migrate.LEDGER.versions.glob("v*.py")} - {migrate.LEDGER.head}
    assert released <= set(VERSIONS)
    assert VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ledger_of_an_earlier_release_goes_on_with_all_its_work(rig: Rig, tmp_path: Path, version: str) -> None:
    stand_still(rig)
    live(rig)  # The services stand as they did then, to the second; the ledger of this play is left aside.
    rig.ledger.close()
    restored(version, tmp_path / "old.db")
    with opened(rig, tmp_path / "old.db") as taken_over:
        assert migrate.current(f"sqlite:///{tmp_path}/old.db") == migrate.LEDGER.head
        assert {reason for _, reason in waiting(taken_over)} == {"refused_before", "possible_duplicate"}
        pair = next(row["Id"] for row in world.salesforce_rows(taken_over, "Account") if row["Name"] == "Pair")
        company = world.partner(taken_over, "account", pair)

        # The run that was under way goes on in this release, task by task.
        for step in ("upsert_ipaas", "upsert_salesforce"):
            taken_over.step(step, taken_over.sync("account", "stopped", {}))
        assert report(taken_over.sync("account", "stopped", {}))["to_ipaas"]["created"] == 1

        assert world.is_quiet(taken_over.run("account"))
        assert world.is_quiet(taken_over.run("contact"))
        world.later(taken_over, hours=1)
        world.edit_salesforce(taken_over, pair, Phone="2")
        assert taken_over.run("account").ok.counts("to_ipaas")["updated"] == 1
        assert world.raw_company(taken_over, company)["phone_number"] == "2"
        names = sorted(record["name"] for record in world.companies(taken_over))
        assert names == ["New", "Pair", "Parent", "Refused", "Twin 2"]
        assert len(world.customers(taken_over)) == 1
