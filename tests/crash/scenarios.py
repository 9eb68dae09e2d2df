"""Runs that together pass every crash point; see `Scenario`."""

from __future__ import annotations

from tests.behaviour import world
from tests.crash.drill import Scenario
from tests.crash.ground import Ground


def in_step(ground: Ground) -> None:
    """Let the canaries pass, so that writes go in batches, and let the watermark move on from there."""
    rig = ground.rig
    account, other = world.account(rig, "Warm here"), world.company(rig, "Warm there")
    rig.run("account", full=True).ok  # noqa: B018
    world.edit_salesforce(rig, account, Phone="+1 512 555 0001")
    world.edit_company(rig, other, phone_number="+1 512 555 0002")
    rig.run("account").ok  # noqa: B018
    ground.pass_time(hours=1)
    rig.run("account").ok  # noqa: B018


def first_contact(ground: Ground) -> None:
    for number in range(2):
        world.account(ground.rig, f"Here {number}", Website=f"https://{number}.example.com", **world.prefixed("Billing"))
        world.company(ground.rig, f"There {number}", description=f"Number {number}")


def both_ways(ground: Ground) -> None:
    """Pairs to be updated on either side and on both, and new records on either side."""
    in_step(ground)
    rig = ground.rig
    pairs = [world.account(rig, f"Pair {number}") for number in range(4)]
    rig.run("account").ok  # noqa: B018
    ground.pass_time(hours=1)
    there = [world.partner(rig, "account", account) for account in pairs]
    world.edit_salesforce(rig, pairs[0], Phone="+1 512 555 0100")
    world.edit_company(rig, there[1], description="Edited there")
    world.edit_salesforce(rig, pairs[2], Phone="+1 512 555 0102")
    world.edit_company(rig, there[2], description="Edited on both sides")
    world.edit_salesforce(rig, pairs[3], Fax="+1 512 555 0103")
    world.edit_company(rig, there[3], fax_number="+1 512 555 9999")
    for number in range(2):
        world.account(rig, f"Here {number}", **world.prefixed("Billing"))
        world.company(rig, f"There {number}", addresses=[world.item(billing=True)])


SCENARIOS = (
    Scenario("first contact", first_contact, params={"full": True}),
    Scenario("both ways", both_ways),
)
