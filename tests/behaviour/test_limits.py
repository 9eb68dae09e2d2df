"""Scarce calls: the daily limit stops a run cleanly, overload is waited out, a token that ends is renewed once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour import world
from tests.support.rig import Rig

LIMIT = {"type": "limit_exceeded"}
TOO_MANY = [
    {"type": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"type": "status", "status": 429},
    {"type": "status", "status": 503, "headers": {"Retry-After": "1"}},
    {"type": "status", "status": 503},
]
IDS = ["429-told", "429", "503-told", "503"]


def warmed(rig: Rig) -> None:
    """Let the canaries pass, so that writes go in batches."""
    world.account(rig, "Warm here")
    world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018


def token_calls(rig: Rig, path: str) -> int:
    return sum(1 for entry in rig.control("GET", "log") if path in entry["path"])


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_the_daily_limit_reached_mid_run_stops_it_cleanly_and_the_next_goes_on(rig: Rig, nth: int) -> None:
    warmed(rig)
    for number in range(450):
        world.company(rig, f"There {number}")
    with rig.fault(service="salesforce", path="composite/sobjects/Account/iPaaS", nth=nth, action=LIMIT):
        result = rig.run("account")
    done = result["to_salesforce"]["created"]
    # The first batch of 200 goes alone, then the others at once: one of 200, one of 50, in any order.
    assert done in ({0} if nth == 1 else {250, 400})
    assert len(world.salesforce_rows(rig, "Account")) == 2 + done
    assert result["to_salesforce"]["parked_by_reason"] == {"api_budget": 450 - done}
    assert result["to_salesforce"]["failed"] == 0
    assert "upsert_salesforce" in result.errors
    later = rig.run("account").ok
    assert later["to_salesforce"]["created"] == 450 - done
    names = [row["Name"] for row in world.salesforce_rows(rig, "Account")]
    assert len(names) == len(set(names)) == 452
    assert world.is_quiet(rig.run("account"))


def test_the_limit_reached_after_the_write_and_before_its_read_back_creates_nothing_twice(rig: Rig) -> None:
    for has_field in (True, False):
        rig.switch("salesforce", external_id_field=has_field)
        world.company(rig, f"There {has_field}")
        with rig.fault(service="salesforce", path="composite/sobjects/Account$", action=LIMIT):
            rig.run("account", full=True)
        for _ in range(2):
            world.later(rig, minutes=40)
            rig.run("account").ok  # noqa: B018
        names = [row["Name"] for row in world.salesforce_rows(rig, "Account")]
        assert names.count(f"There {has_field}") == 1


def test_the_limit_reached_while_reading_reads_again_later(rig: Rig) -> None:
    warmed(rig)
    account = world.account(rig, "Late")
    with rig.fault(service="salesforce", path="query", action=LIMIT):
        result = rig.run("account")
    assert "extract_salesforce" in result.errors
    assert result["to_ipaas"]["seen"] == 0
    assert world.synced(rig, "account", account)


def test_the_limit_of_the_org_itself(rig: Rig) -> None:
    warmed(rig)
    account = world.account(rig, "Late")
    rig.switch("salesforce", api_limit=100)
    rig.control("POST", "salesforce/api-usage", {"used": 100})
    assert rig.run("account").errors
    rig.control("POST", "salesforce/api-usage", {"used": 0})
    assert world.synced(rig, "account", account)


@pytest.mark.parametrize("answer", TOO_MANY, ids=IDS)
def test_overload_of_ipaas_is_waited_out(rig: Rig, answer: dict[str, Any]) -> None:
    warmed(rig)
    for number in range(5):
        world.account(rig, f"Here {number}")
    with rig.fault(service="ipaas", path="customers/v2", every=2, times=4, action=answer):
        result = rig.run("account")
    result = rig.run("account").ok if result.errors else result
    names = [record["name"] for record in world.companies(rig)]
    assert len(names) == len(set(names)) == 7
    assert result["to_ipaas"]["failed"] == 0


@pytest.mark.parametrize("answer", TOO_MANY, ids=IDS)
def test_overload_of_salesforce_is_waited_out(rig: Rig, answer: dict[str, Any]) -> None:
    warmed(rig)
    for number in range(5):
        world.company(rig, f"There {number}")
    with rig.fault(service="salesforce", path="composite|query", every=2, times=3, action=answer):
        rig.run("account").ok  # noqa: B018
    names = [row["Name"] for row in world.salesforce_rows(rig, "Account")]
    assert len(names) == len(set(names)) == 7


def test_overload_that_stays_parks_what_was_not_written(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.account(rig, f"Here {number}")
    with rig.fault(service="ipaas", method="POST", path="Customer/Company$", action={"type": "status", "status": 429}):
        result = rig.run("account")
    assert result["to_ipaas"]["parked_by_reason"] == {"not_attempted": 3}
    assert rig.run("account").ok["to_ipaas"]["created"] == 3


def test_a_salesforce_token_that_expires_mid_run_is_renewed_once(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.company(rig, f"There {number}")
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "run", {}))
    sync = rig.sync("account", "run", {})
    assert sync.salesforce.org_id
    before = token_calls(rig, "oauth2/token")
    with rig.fault(
        service="salesforce", path="composite/sobjects/Account/iPaaS", nth=1, action={"type": "expired_token"}
    ):
        rig.step("upsert_salesforce", sync)
    assert token_calls(rig, "oauth2/token") - before == 1
    assert len(world.salesforce_rows(rig, "Account")) == 5


def test_a_salesforce_token_that_is_never_accepted_ends_the_run(rig: Rig) -> None:
    warmed(rig)
    world.company(rig, "There")
    with rig.fault(service="salesforce", path="composite/sobjects", action={"type": "expired_token"}):
        result = rig.run("account")
    assert "upsert_salesforce" in result.errors
    assert result["to_salesforce"]["parked_by_reason"] == {"not_attempted": 1}
    assert rig.run("account").ok["to_salesforce"]["created"] == 1


def test_ipaas_tokens_that_expire_mid_run_are_renewed(rig: Rig) -> None:
    warmed(rig)
    for number in range(3):
        world.account(rig, f"Here {number}")
    for step in ("extract_salesforce", "extract_ipaas", "prerequisites", "plan"):
        rig.step(step, rig.sync("account", "run", {}))
    sync = rig.sync("account", "run", {})
    sync.ipaas.server_now()
    before = token_calls(rig, "Auth/Login")
    rig.control("POST", "ipaas/tokens/expire?which=all")
    rig.step("upsert_ipaas", sync)
    assert token_calls(rig, "Auth/Login") - before <= 1
    assert len(world.companies(rig)) == 5
