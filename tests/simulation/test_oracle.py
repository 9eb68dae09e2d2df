"""The checks notice what they are there for: each rule is broken on purpose, behind the sync's back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sync.keys import content_hash

from .clock import START
from .config import Config
from .quiet import settle
from .runs import Log
from .world import SCOPE, World


@pytest.fixture
def world() -> World:
    """An Account and a Company in step, and a Contact and a Customer."""
    world = World(Config())
    world.apply(["new", "salesforce", "account", 0, 0b1000111, 0])
    world.apply(["new", "salesforce", "contact", 0, 0b111, 0])
    for collection in ("account", "contact"):
        world.apply(["run", collection, {}, [], [], 0, 0])
    assert world.oracle.violations == []
    assert len(world.company.records["company"]) == len(world.company.records["customer"]) == 1
    return world


def broken(world: World) -> list[str]:
    return [violation.partition(":")[0] for violation in world.oracle.violations]


def the(ids: Any) -> str:
    (found,) = ids
    return str(found)


def test_an_edit_that_is_replaced_before_it_was_carried_over(world: World) -> None:
    company = the(world.company.records["company"])
    world.company.edit("company", company, {"phone_number": "5551111111"})
    world.company.edit("company", company, {"phone_number": "5552222222"}, actor="api")
    assert broken(world) == ["V1"]


def test_an_edit_that_is_replaced_after_it_was_carried_over_is_none(world: World) -> None:
    company = the(world.company.records["company"])
    world.company.edit("company", company, {"phone_number": "5551111111"})
    world.apply(["run", "account", {}, [], [], 0, 0])
    world.org.update(the(world.org.alive("Account")), {"Phone": "5553333333"})
    world.company.edit("company", company, {"phone_number": "5553333333"}, actor="api")
    assert broken(world) == []


def test_an_edit_that_loses_a_counted_conflict_is_none(world: World) -> None:
    company, account = the(world.company.records["company"]), the(world.org.alive("Account"))
    world.company.edit("company", company, {"phone_number": "5551111111"})
    world.oracle.conflict("phone", account, company)
    world.company.edit("company", company, {"phone_number": "5552222222"}, actor="api")
    assert broken(world) == []


def test_a_second_create_for_one_source(world: World) -> None:
    account = the(world.org.alive("Account"))
    nested = [{"system_id": "77", "external_id": account}]
    body = {"name": "Twin", "external_ids": nested}
    world.makers.of_run("run")("ipaas", "company", body, lambda: world.company.api_create("company", body))
    assert broken(world) == ["V2"]


def test_a_create_for_nobody(world: World) -> None:
    body = {"Name": "Nobody's"}
    world.makers.of_run("run")("salesforce", "Account", body, lambda: world.org.api_create("Account", body))
    assert broken(world) == ["V2"]


def test_a_link_without_a_reason(world: World) -> None:
    world.apply(["new", "salesforce", "account", 0, 0, 0])
    world.apply(["new", "ipaas", "account", 0, 0, 0])
    other = [i for i in world.company.records["company"] if world.oracle.partner_of(("ipaas", "account", i)) is None]
    new = [i for i in world.org.alive("Account") if world.oracle.partner_of(("salesforce", "account", i)) is None]
    world.company.external["company", the(other)] = the(new)
    settle(world)
    assert "V2" in broken(world)


@pytest.mark.parametrize("change", [{"Phone": None}, {"Rating": "Cold"}])
def test_a_blank_and_a_field_that_is_not_mapped(world: World, change: dict[str, Any]) -> None:
    world.org.update(the(world.org.alive("Account")), change, actor="api")
    assert broken(world) == ["V4"]


def test_an_address_that_a_put_loses(world: World) -> None:
    company = the(world.company.records["company"])
    world.apply(["edit", "ipaas", "account", 0, 7, 0])
    world.apply(["run", "account", {}, [], [], 0, 0])
    world.company.edit("company", company, {"addresses": []}, actor="api")
    assert "V4" in broken(world)


def test_a_watermark_beyond_the_fence(world: World) -> None:
    world.ledger.set_watermark(SCOPE, "account", "salesforce", START + timedelta(days=1), "run")
    assert broken(world) == ["V5"]


def test_numbers_that_do_not_add_up_or_are_not_true(world: World) -> None:
    run = world.runs[-1]
    assert run.summary is not None
    run.summary["to_ipaas"]["seen"] += 1
    run.summary["to_salesforce"]["updated"] += 1
    run.summary["to_salesforce"]["seen"] += 1
    world.audit.check(run, dict(world.oracle.api_creates))
    assert broken(world) == ["V6", "V7", "V7"]


def test_a_value_in_a_log_line_and_in_a_summary(world: World) -> None:
    run = world.runs[-1]
    Log(world.oracle).warning("Refused %s", "W1@Example.com")
    assert run.summary is not None
    run.summary["to_ipaas"]["errors"] = [{"message": "the phone (555) 000-0001 is too long"}]
    world.audit.check(run, dict(world.oracle.api_creates))
    assert broken(world).count("V8") == 2


def test_more_calls_than_a_run_needs(world: World) -> None:
    run = world.runs[-1]
    run.script.calls_to["salesforce"] += 20
    run.script.calls_to["ipaas"] += 20
    world.audit.check(run, dict(world.oracle.api_creates))
    assert broken(world).count("V9") == 2


def test_a_write_with_the_credentials_of_another_org(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    company = the(world.company.records["company"])
    monkeypatch.setattr(world, "_run", lambda run: world.company.edit("company", company, {}, actor="api"))
    world.apply(["wrong_org", "account"])
    assert broken(world) == ["V10"]


def test_a_difference_that_nobody_has_chosen(world: World) -> None:
    """As if the sync had taken an edit for something it had seen before."""
    company = the(world.company.records["company"])
    record = world.company.records["company"][company]
    world.company.records["company"][company] = {**record, "fax_number": "5559999999"}
    world.oracle.watch("ipaas", "company", company, record, world.company.records["company"][company], "user")
    link = the_link(world)
    shown = {**link.ipaas_showing, "fax": "5559999999"}
    link.ipaas_showing = shown
    world.ledger.save_link(link)
    for row in world.ledger._table("seen", SCOPE, "account", "ipaas").values():
        row.content_hash = content_hash(shown)
    settle(world)
    assert "V3" in broken(world)


def the_link(world: World) -> Any:
    (link,) = world.ledger.links(SCOPE, "account", "salesforce", world.org.alive("Account")).values()
    return link


def test_a_record_that_is_forgotten(world: World) -> None:
    world.apply(["new", "salesforce", "account", 0, 0, 0])
    world.clock.advance(8 * 86_400)  # out of the window, and the sync is made to believe it had been there
    world.ledger.set_watermark(SCOPE, "account", "salesforce", START + timedelta(days=8), "run")
    world.oracle.violations.clear()
    settle(world)
    assert "V1" in broken(world)


def test_runs_that_never_rest(world: World) -> None:
    account = the(world.org.alive("Account"))
    numbers = iter(range(100))
    original = world.do_run

    def restless(*told: Any) -> Any:
        world.org.update(account, {"Fax": f"555{next(numbers):07d}"})
        return original(*told)

    world.do_run = restless  # type: ignore[method-assign]
    settle(world)
    assert "V3" in broken(world)
