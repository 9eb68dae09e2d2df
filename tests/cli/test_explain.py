"""`airflow-ipaas explain`: one id in, the whole story out; nothing is written anywhere."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from airflow_provider_ipaas.hooks.tokens import open_token_store
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.behaviour import world
from tests.cli.command import Host
from tests.support.rig import Rig

Run = Callable[..., Result]


@pytest.fixture
def rig(host: Host, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Runs of the sync, with the ledger where the command on that host looks for it."""
    monkeypatch.setenv("COLUMNS", "200")
    host.connections["salesforce_connected_app_default"] = {
        **host.connections["sf"],
        "extra": {"auth_flow": "client_credentials"},
    }
    with closing(SqlLedger.open(f"sqlite:///{host.home}/ipaas/ledger.db")) as ledger:
        rig = Rig(sandbox, ledger)
        rig.log = logging.Logger("quiet", logging.CRITICAL + 1)
        yield rig


@pytest.fixture
def explain(here: Run) -> Run:
    return lambda *arguments: here("explain", *arguments)


def ledger_of(host: Host) -> dict[str, str]:
    """Return the files of ledger and tokens by their content; readers of SQLite leave an empty log and an index of it."""
    files = [file for file in sorted(Path(host.home, "ipaas").glob("*")) if not file.name.endswith("-shm")]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.stat().st_size}


def edited(rig: Rig) -> tuple[str, str]:
    """Return a pair that was edited on both sides since it was in step."""
    account = world.account(rig, "Blümchen 株式会社", Phone="512")
    company = world.synced(rig, "account", account, full=True)
    world.edit_salesforce(rig, account, Phone="513")
    world.edit_company(rig, company, url="http://x.example")
    return account, company


def lines(result: Result) -> dict[str, list[str]]:
    """Return the rows of the table by field."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    return {row[0].partition(" (")[0]: row[1:] for row in rows}


def test_a_pair_by_either_id_of_any_length(rig: Rig, explain: Run) -> None:
    account, company = edited(rig)
    for record_id in (account, account[:15], company):
        result = explain(record_id)
        assert result.exit_code == 0, result.output
        assert f"Account {account} = Company {company}" in result.stdout
        assert "to iPaaS.com: would be updated." in result.stdout
        phone, website = lines(result)["phone"], lines(result)["website"]
        assert phone[:4] == ['"513"', "as it is", '"512"', '"512"']
        assert phone[4].startswith("written to iPaaS.com: only")
        assert website[4].startswith("written to Salesforce:")


def test_nothing_is_written_to_services_or_ledger(rig: Rig, host: Host, explain: Run) -> None:
    account, company = edited(rig)
    contact = world.contact(rig, account)
    alone = world.company(rig)
    rig.ledger.close()
    before = ledger_of(host)
    sent = len(world.writes(rig))
    for record_id, more in (
        (account, []),
        (company, ["--json"]),
        (contact, []),
        (alone, ["--collection", "account"]),
        (account, ["--offline"]),
        ("999999", []),
    ):
        explain(record_id, *more)
    # Logging in and looking an external id up are POSTs that change nothing.
    reads = ("/oauth2/token", "/sso/", "/LookupSpecial")
    assert [path for _, path in world.writes(rig)[sent:] if not any(part in path for part in reads)] == []
    assert ledger_of(host) == before


def test_offline_tells_what_the_ledger_knows_and_asks_nobody(rig: Rig, explain: Run) -> None:
    account, company = edited(rig)
    calls = rig.control("GET", "log")
    result = explain(company, "--offline")
    assert result.exit_code == 0
    assert f"Account {account} = Company {company}" in result.stdout
    assert lines(result)["phone"][:2] == ['"512"', '"512"']
    assert "to iPaaS.com, by run run1 of account" in lines(result)["phone"][3]
    assert "513" not in result.stdout
    assert rig.control("GET", "log") == calls


def test_services_that_cannot_be_asked_leave_the_ledger(rig: Rig, host: Host, explain: Run) -> None:
    account, _ = edited(rig)
    host.connections["salesforce_connected_app_default"]["host"] = "http://127.0.0.1:9"
    result = explain(account)
    assert result.exit_code == 0
    assert "Warning: the services can't be asked, so this is what the ledger knows." in result.stderr
    assert lines(result)["phone"][0] == '"512"'
    result = explain(account, "--ipaas-conn-id", "nowhere")
    assert "Connection nowhere is not defined" in result.stderr
    assert result.exit_code == 0


def test_a_grant_of_a_person_is_used_and_never_renewed(rig: Rig, connected: Any, explain: Run) -> None:
    account, _ = edited(rig)
    result = explain(account, "--salesforce-conn-id", "sf")
    assert "Now, as a run by record_ids would take it up:" in result.stdout, result.output
    grant = open_token_store().find("sf")
    rig.control("POST", "salesforce/session/expire")
    result = explain(account, "--salesforce-conn-id", "sf")
    assert result.exit_code == 0
    assert "renewing it is left to the runs" in result.stderr
    assert lines(result)["phone"][0] == '"512"'
    assert open_token_store().find("sf") == grant


def test_what_waits_says_why_and_what_to_do(rig: Rig, explain: Run) -> None:
    world.company(rig, "Acme")
    account = world.account(rig, "ACME")
    rig.run("account", full=True).ok  # noqa: B018
    result = explain(account, "--offline")
    assert "not linked" in result.stdout
    assert "possible_duplicate" in result.stdout
    assert "Next step: Look at both records" in result.stdout


def test_a_conflict_that_waits_shows_both_values(rig: Rig, explain: Run, tmp_path: Path) -> None:
    world.map_fields(rig, tmp_path / "mappings", "account", "phone: {conflict: park}")
    account = world.account(rig, Phone="1")
    company = world.synced(rig, "account", account, full=True)
    world.edit_salesforce(rig, account, Phone="2")
    world.edit_company(rig, company, phone_number="3")
    rig.run("account").ok  # noqa: B018
    result = explain(account, "--offline")
    assert lines(result)["phone"][:3] == ['"1"', '"1"', '"2" against "3"']
    assert "conflict" in result.stdout
    live = explain(account, "--mapping-dir", str(rig.mapping_dir))
    assert "to iPaaS.com: would be parked (conflict)" in live.stdout
    assert lines(live)["phone"][4].startswith("parked: both sides changed")


def test_what_airflow_masks_in_logs_is_masked_here(rig: Rig, explain: Run) -> None:
    account = world.account(rig, Description=f"the password is {known.IPAAS_PASSWORD}")
    for more in ([], ["--json"]):
        result = explain(account, *more)
        assert "the password is ***" in result.stdout
        assert known.IPAAS_PASSWORD not in result.output


def test_a_record_older_than_the_look_back_says_so(rig: Rig, explain: Run) -> None:
    new = world.account(rig, "Recent")
    rig.run("account").ok  # noqa: B018
    old = rig.sandbox.salesforce.insert(
        "Account", {"Name": "Old"}, at=rig.sandbox.salesforce.clock.now().replace(year=2020)
    )
    result = explain(old)
    assert "before the look-back of the next run" in result.stdout
    assert "record_ids" in result.stdout
    assert "before the look-back" not in explain(new).stdout


def test_a_contact_says_that_its_account_comes_first(rig: Rig, explain: Run) -> None:
    contact = world.contact(rig, world.account(rig, "Parent"))
    result = explain(contact)
    assert "to iPaaS.com: would be created." in result.stdout
    lonely = world.contact(rig)
    assert "skipped (contact_without_account)" in explain(lonely).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["999999"], "Neither the ledger nor iPaaS.com knows a record 999999."),
        (["999999", "--offline"], "The ledger knows no record 999999."),
        (["0015g00000ZZZZZ"], "Neither the ledger nor Salesforce knows a record 0015g00000ZZZZZ"),
        (["0055g00000IntegAAB"], "is not the id of an Account or Contact"),
        (["0035g0000000001", "--collection", "account"], "is not the id of an Account (those start with 001)"),
        (["0015g00000ZZZZZAAA"], "has a wrong checksum"),
        (["no id!"], "'no id!' is neither a Salesforce id nor an iPaaS.com id"),
    ],
)
def test_an_id_that_leads_nowhere(rig: Rig, explain: Run, arguments: list[str], message: str) -> None:
    world.synced(rig, "account", world.account(rig), full=True)
    result = explain(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert message in result.stderr
    assert "Next step:" in result.stderr


def test_no_ledger_says_so(here: Run) -> None:
    result = here("explain", "1", "--offline")
    assert result.exit_code == 1
    assert "There is no ledger at" in result.stderr


def test_json_holds_both_sides_and_no_secret(rig: Rig, explain: Run) -> None:
    account, company = edited(rig)
    found = json.loads(explain(account, "--json").stdout)
    (stored,), (now,) = found["ledger"], found["now"]
    assert (stored["salesforce_id"], stored["ipaas_id"], stored["link"]) == (account, company, "active")
    phone = next(line for line in now["fields"] if line["key"] == "phone")
    assert phone["salesforce"] == {"value": "513", "blank": ""}
    assert phone["decision"] == "write_ipaas"
    fax = next(line for line in now["fields"] if line["key"] == "fax")
    assert fax["salesforce"] == {"value": None, "blank": "null"}
    assert known.CONSUMER_SECRET not in json.dumps(found)


def test_another_mapping_than_the_runs_had_is_told(rig: Rig, explain: Run, tmp_path: Path) -> None:
    account, _ = edited(rig)
    rig.ledger.update_run("account:run1", mapping_fingerprint="another")
    assert "The mapping given here is not the one of the last run" in explain(account).stdout
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "account.yaml").write_text("version: 1\nfields:\n  phone: {direction: to_salesforce}\n")
    result = explain(account, "--mapping-dir", str(folder))
    assert "one-way field (to_salesforce): the edit in Salesforce stays there" in lines(result)["phone"][4]
