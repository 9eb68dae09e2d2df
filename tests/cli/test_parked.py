"""`airflow-ipaas parked`: what waits, listed and shown, replayed and dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from airflow_provider_ipaas.cli.main import app
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.ledger.monitoring import Selection, reading
from airflow_provider_ipaas.sync.model import Link, Run, Seen, Unresolved
from airflow_provider_ipaas.sync.schedule import AWAITING, NO_TIME
from tests.cli.command import Host

ORG = "00DHs000001AbCdMAK"
SCOPE = f"{ORG}/5501"
NOW = datetime.now(UTC)
CODE = "STRING_TOO_LONG"
SECRET = "a value of the record"


def account(n: int) -> str:
    """Return the id of an Account, without capital letters in its number."""
    return f"001hs{n:010}AAA"


def waiting(n: int, **more: Any) -> Unresolved:
    values: dict[str, Any] = {
        "scope": SCOPE,
        "collection": "account",
        "direction": "to_ipaas",
        "source_id": account(n),
        "reason": "possible_duplicate",
        "next_step": "Look at both records.",
        "content_hash": f"hash {n}",
        "first_at": NOW - timedelta(hours=2) + timedelta(seconds=n),
        "last_at": NOW - timedelta(hours=1),
        "next_at": NOW - timedelta(hours=1),
        "run_key": "dag:run",
    }
    return Unresolved(**(values | more))


def refused(n: int, **more: Any) -> Unresolved:
    values = {"reason": "refused_before", "code": CODE, "message": "Name is too long.", "next_step": "Shorten it."}
    return waiting(n, **(values | {"attempts": 2, "next_at": NOW + timedelta(hours=5)} | more))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger.open(url)) as opened:
        opened.start_run(Run("dag:run", "dag", "run", "account", scope=SCOPE, started_at=NOW))
        yield opened


@pytest.fixture
def parked(url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command on that ledger."""
    monkeypatch.setenv("AIRFLOW_IPAAS_LEDGER_URL", url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, ["parked", *arguments], input=typed)

    return run


def left(url: str) -> dict[str, int]:
    """Return how many wait for each reason."""
    with reading(url) as ledger:
        assert ledger is not None
        return {group.reason: group.count for group in ledger.groups()}


# List


def test_five_thousand_records_are_a_line_for_each_reason(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(n) for n in range(4000)])
    ledger.save_unresolved([refused(n, code=CODE if n % 4 else "VALD-1002") for n in range(4000, 5000)])
    done = parked("list")
    assert done.exit_code == 0
    assert len(done.output.splitlines()) < 12
    (line,) = [line for line in done.output.splitlines() if "possible_duplicate" in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")][:3] == [
        "Accounts -> Companies",
        "possible_duplicate",
        "4,000",
    ]
    assert f"{CODE} 750, VALD-1002 250" in done.output
    assert done.output.splitlines()[-1] == "5,000 records in all."


def test_records_are_listed_by_pages(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([refused(n) for n in range(120)])
    done = parked("list", "--records", "--code", CODE.lower(), "--limit", "20", "--offset", "110")
    assert done.exit_code == 0
    assert [account(n) in done.output for n in (109, 110, 119)] == [False, True, True]
    assert "Records 111 to 120 of 120, those that wait longest first." in done.output
    assert "Name is too long." in done.output
    assert "No record after these." in parked("list", "--records", "--offset", "500").output


def test_ids_list_their_records_in_either_form(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(1, target_id="77"), waiting(2)])
    for given in (account(1), account(1)[:15], "77"):
        done = parked("list", given)
        assert (account(1) in done.output, account(2) in done.output) == (True, False)
    assert parked("list", "78").output == "No record waits that fits.\n"


def test_json_is_for_programs(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(1), refused(2)])
    found = json.loads(parked("list", "--json", "--reason", "refused_before").stdout)
    assert (found["format"], found["total"], "records" in found) == (1, 1, False)
    (group,) = found["groups"]
    assert (group["codes"], group["next_at"]) == ({CODE: 1}, (NOW + timedelta(hours=5)).isoformat())
    found = json.loads(parked("list", "--json", account(2)).stdout)
    (record,) = found["records"]
    assert (record["source_id"], record["attempts"], record["run_key"]) == (account(2), 2, "dag:run")


def test_several_orgs_are_told_apart(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(1), waiting(2, scope="00DHs000001AbCeMAK/9")])
    assert "00DHs000001AbCeMAK/9" in parked("list").output
    only = parked("list", "--scope", SCOPE)
    assert "1 record in all." in only.output


def test_an_empty_ledger_has_nothing_waiting(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    done = parked("list")
    assert (done.exit_code, done.output) == (0, "Nothing waits.\n")


def test_texts_of_services_do_not_move_the_cursor(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([refused(1, message="a\x1b[2Jb\rc\ud83d [red]d[/red]", code="X\x1b[1m")])
    for done in (parked("list"), parked("list", account(1)), parked("show", account(1))):
        assert done.exit_code == 0
        assert "\x1b" not in done.output.replace("\x1b[0m", "")
        assert "\r" not in done.output
    assert "[red]d[/red]" in parked("list", account(1)).output


# Show


def conflict() -> Unresolved:
    values = {"salesforce": SECRET, "salesforce_before": "old", "ipaas": {"city": "Austin"}, "ipaas_before": None}
    return waiting(
        1,
        reason="conflict",
        target_id="77",
        message="Both sides changed: phone.",
        details={"fields": {"phone": values}},
    )


def test_a_record_is_shown_with_all_that_is_known_and_values_only_on_demand(
    ledger: SqlLedger, parked: Callable[..., Result]
) -> None:
    ledger.save_unresolved([conflict()])
    ledger.add_link(Link(SCOPE, "account", account(1), "77", {"phone": "old"}, {"phone": None}, settled_at=NOW))
    ledger.save_seen(SCOPE, "account", "salesforce", [Seen(account(1), "2026-05-04T10:15:00.000+0000")])
    ledger.replay(Selection(ids=("77",)), actor="ann")
    done = parked("show", "77")
    assert done.exit_code == 0
    lines = [line.strip() for line in done.output.splitlines()]
    assert lines[0] == f"Accounts -> Companies {account(1)}"
    for told in (
        f"Salesforce    {account(1)}",
        "iPaaS.com     77",
        "reason        conflict",
        "message       Both sides changed: phone.",
        "next attempt  next run",
        "by run        dag, run",
        f"link          active, agreed {NOW:%Y-%m-%d %H:%M} UTC",
        "last stamp    2026-05-04T10:15:00.000+0000",
        f"org/system    {SCOPE}",
    ):
        assert told in lines
    assert lines[-1].endswith("UTC replay to_ipaas outcome due, by ann")
    assert SECRET not in done.output
    line = (
        f'phone: Salesforce "{SECRET}", Salesforce before "old", iPaaS.com {{"city": "Austin"}}, iPaaS.com before blank'
    )
    assert line in [text.strip() for text in parked("show", "77", "--values").output.splitlines()]


def test_show_prints_json_too(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([conflict()])
    done = parked("show", account(1), "--json")
    (found,) = json.loads(done.stdout)
    assert (found["salesforce_id"], found["ipaas_id"], found["link_state"]) == (account(1), "77", None)
    assert found["run"] == {"dag_id": "dag", "run_id": "run"}
    assert SECRET not in done.output
    (found,) = json.loads(parked("show", account(1), "--json", "--values").stdout)
    assert found["values"]["phone"]["salesforce"] == SECRET


def test_values_that_the_ledger_does_not_hold_are_not_made_up(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(1)])
    assert "The ledger holds no values of this record." in parked("show", account(1), "--values").output


def test_an_id_that_does_not_wait_is_told(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    done = parked("show", "4711")
    assert (done.exit_code, done.output) == (1, "Nothing waits that has the ids 4711.\n")


# Replay


def test_a_replay_makes_due_what_was_chosen(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(0), *(refused(n) for n in range(1, 4))])
    done = parked("replay", "--code", CODE, "--limit", "2")
    assert done.exit_code == 0
    assert done.output == ("2 records due at once (refused_before 2); the next run in each direction tries them.\n")
    rows = ledger.unresolved(SCOPE, "account", "to_ipaas", [account(n) for n in range(4)])
    assert [rows[account(n)].next_at is None for n in range(4)] == [False, True, True, False]
    found = json.loads(parked("replay", account(0), account(3), "--json").stdout)
    assert found == {
        "count": 2,
        "waited": 1,
        "by_reason": {"possible_duplicate": 1, "refused_before": 1},
        "kept": {},
    }
    assert "4 of them were due anyway, at every run." in parked("replay", "--all").output


def test_what_waits_for_a_go_is_not_replayed(ledger: SqlLedger, parked: Callable[..., Result]) -> None:
    ledger.save_unresolved([waiting(1, reason=AWAITING, next_at=NO_TIME)])
    assert "when confirmed" in parked("list").output
    assert "next attempt  when confirmed" in parked("show", account(1)).output
    done = parked("replay", "--reason", AWAITING)
    assert done.exit_code == 1
    assert done.output == (
        "Nothing was replayed.\n1 record kept: nobody has said go; a run with confirm_first_contact takes it up.\n"
    )
    (row,) = ledger.unresolved(SCOPE, "account", "to_ipaas", [account(1)]).values()
    assert row.next_at == NO_TIME


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_nothing_that_fits_is_an_error(ledger: SqlLedger, parked: Callable[..., Result], action: str) -> None:
    ledger.save_unresolved([waiting(1)])
    done = parked(action, "--code", "NOT_THERE")
    assert done.exit_code == 1
    assert done.output == "Nothing waits that fits: code NOT_THERE. See: airflow-ipaas parked list\n"


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_a_person_has_to_say_which(ledger: SqlLedger, parked: Callable[..., Result], action: str, url: str) -> None:
    ledger.save_unresolved([waiting(1)])
    done = parked(action, "--collection", "account")
    assert done.exit_code == 2
    assert "by id, --reason or --code, or --all of them" in done.output
    assert left(url) == {"possible_duplicate": 1}


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (
            ("--reason", "refused"),
            1,
            "There is no reason 'refused'; refused_before is near. Next step: Records wait for: ",
        ),
        (("--reason", CODE), 1, f"{CODE} is a code of a service, no reason."),
        (("00QD000000IqhSL",), 1, "is not the id of an Account or Contact"),
        (("--collection", "lead"), 2, "'lead' is not one of"),
        (("--limit", "0"), 2, "--limit"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    ledger: SqlLedger, parked: Callable[..., Result], arguments: tuple[str, ...], status: int, told: str
) -> None:
    done = parked("replay", *arguments)
    assert done.exit_code == status
    assert told in " ".join(done.output.replace("│", " ").split())


# Drop


def test_a_drop_asks_first(ledger: SqlLedger, parked: Callable[..., Result], url: str) -> None:
    ledger.save_unresolved([waiting(1), refused(2)])
    for typed in ("n\n", ""):
        done = parked("drop", "--reason", "possible_duplicate", typed=typed)
        assert done.exit_code == 1
        assert "1 Accounts -> Companies: possible_duplicate, since " in done.output
        assert "Nothing was changed." in done.output
    assert left(url) == {"possible_duplicate": 1, "refused_before": 1}
    done = parked("drop", "--reason", "possible_duplicate", typed="y\n")
    assert done.exit_code == 0
    assert "1 record dropped (possible_duplicate 1). They count as skipped (dropped)" in done.stdout
    assert left(url) == {"refused_before": 1}


def test_what_may_not_be_dropped_is_kept_and_told(ledger: SqlLedger, parked: Callable[..., Result], url: str) -> None:
    ledger.save_unresolved([waiting(1, reason="uncertain_create"), refused(2)])
    done = parked("drop", "--all", "--yes", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["count"], list(found["kept"].values())) == (0, 1, [1])
    done = parked("drop", account(1), "--yes")
    assert done.exit_code == 1
    assert "1 record kept: what became of its creation is not known" in done.output
    assert left(url) == {"uncertain_create": 1}


# Where the ledger is


def test_without_a_ledger_nothing_is_made(parked: Callable[..., Result], tmp_path: Path) -> None:
    done = parked("list")
    assert done.exit_code == 1
    assert f"There is no ledger at {tmp_path / 'ledger.db'}." in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_of_an_airflow_connection_goes_first(
    host: Host, ledger: SqlLedger, url: str, tmp_path: Path
) -> None:
    ledger.save_unresolved([refused(1)])
    ledger.close()
    host.connections["my_ledger"] = {"conn_type": "sqlite", "host": str(tmp_path / "ledger.db")}
    elsewhere = {"AIRFLOW_IPAAS_LEDGER_URL": f"sqlite:///{tmp_path / 'none.db'}"}
    host.env = elsewhere
    done = host.run("parked", "list", "--ledger-conn-id", "my_ledger")
    assert (done.status, done.err) == (0, "")
    assert "1 record in all." in done.out
    assert host.run("parked", "list").status == 1
    host.env = {}
    done = host.run("parked", "replay", account(1), "--ledger-conn-id", "nope")
    assert done.status == 1
    assert "nope" in done.err


def test_who_did_it_is_in_the_journal(
    ledger: SqlLedger, parked: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    ledger.save_unresolved([refused(1)])
    parked("replay", account(1))
    assert (
        "replay to_ipaas outcome due (STRING_TOO_LONG), by ann (airflow-ipaas parked replay)"
        in parked("show", account(1)).output
    )
