"""Runs that together pass every crash point; see `Scenario`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.behaviour import world
from tests.crash.drill import RUN, Scenario
from tests.crash.ground import STEPS, Ground


def in_step(ground: Ground) -> None:
    """Let the canaries pass, so that writes go in batches, and let the watermark move on from there."""
    ground.once(_in_step)


def _in_step(ground: Ground) -> None:
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
        world.account(
            ground.rig, f"Here {number}", Website=f"https://{number}.example.com", **world.prefixed("Billing")
        )
        world.company(ground.rig, f"There {number}", description=f"Number {number}")


def both_ways(ground: Ground) -> None:
    """Pairs to be updated on either side and on both, and new records on either side."""
    ground.once(_both_ways)


def _both_ways(ground: Ground) -> None:
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


def pairs_of(ground: Ground, count: int, **fields: Any) -> list[str]:
    """Make pairs that are in step; return the ids of their Accounts."""
    accounts = [world.account(ground.rig, f"Pair {number}", **fields) for number in range(count)]
    ground.rig.run("account").ok  # noqa: B018
    ground.pass_time(hours=1)
    return accounts


def company_of(ground: Ground, account: str) -> str:
    return world.partner(ground.rig, "account", account)


STORES_NO_ID = {"service": "ipaas", "path": "UpdateExternalId", "action": {"type": "status", "status": 503}}
REFUSES_ID = {
    "service": "ipaas",
    "path": "UpdateExternalId",
    "action": {"type": "status", "status": 400, "body": {"errors": [{"code": "BIZL-1003", "message": "held"}]}},
}


def owe(ground: Ground, account: str, **winner: Any) -> str:
    """Let a pair owe its external id to iPaaS.com; return the Account that it belongs to since the merge."""
    rig = ground.rig
    name = world.raw_salesforce(rig, account)["Name"]
    winner_id = world.account(rig, name, **winner)
    rig.sandbox.salesforce.merge(winner_id, [account])
    with rig.fault(**STORES_NO_ID):
        rig.run("account")
    return winner_id


def released(ground: Ground) -> None:
    """What waited since earlier runs and is taken up by this one: an owed id, a refusal, a match, a gone source."""
    in_step(ground)
    rig = ground.rig
    owing, gone = pairs_of(ground, 2)
    owe(ground, owing)
    # A person says who belongs together.
    company = world.company(rig, "Named there")
    world.account(rig, "Named here", iPaaS_Id__c=company)
    # Waits, and is gone when its turn comes.
    world.company(rig, "Doubtful")
    doubtful = world.account(rig, "Doubtful")
    rig.run("account", direction="to_salesforce", record_ids=[doubtful])
    rig.run("account", direction="to_salesforce")
    rig.sandbox.salesforce.purge(doubtful)
    # Known by its name, and gone before its namesake comes.
    namesake = world.company(rig, "Namesake")
    rig.run("account", record_ids=[gone])
    rig.sandbox.ipaas.remove("company", int(namesake), "purge")
    world.account(rig, "Namesake")
    # Deleted there, edited here.
    rig.sandbox.ipaas.remove("company", int(company_of(ground, gone)), "purge")
    world.edit_salesforce(rig, gone, Phone="+1 512 555 0201")


def meanwhile_carried(ground: Ground) -> None:
    """Somebody gives a record the id of one that is about to be created, and takes away one to be updated."""
    rig = ground.rig
    rows = {row["Name"]: row["Id"] for row in world.salesforce_rows(rig, "Account")}
    world_company = world.company(rig, "Here 0")
    row = {"table": "company", "internal_id": int(world_company), "external_id": rows["Here 0"], "system_id": 5501}
    rig.control("PUT", "ipaas/external-ids", row)
    rig.sandbox.ipaas.remove("company", int(company_of(ground, rows["Pair 0"])), "purge")


def lost_creates(ground: Ground) -> None:
    """Creates whose answer was lost: made, made and edited since, not made; in both directions, without the id field."""
    in_step(ground)
    ground.rig.switch("salesforce", external_id_field=False)
    _lost_creates(ground, "composite/sobjects$")


def lost_creates_by_id(ground: Ground) -> None:
    """The same in an org that has the external-id field."""
    in_step(ground)
    _lost_creates(ground, "composite/sobjects/Account/iPaaS_Id__c$")


def _lost_creates(ground: Ground, path: str) -> None:
    rig = ground.rig
    method = "PATCH" if "iPaaS_Id__c" in path else "POST"
    for made in (True, False):
        lost = {"type": "drop", "when": "after" if made else "before"}
        here = [world.account(rig, f"Lost here {made} {n}", Phone=f"+1 512 555 1{made:d}{n}0") for n in range(2)]
        with rig.fault(service="ipaas", method="POST", path="Customer/Company$", action=lost):
            rig.run("account", direction="to_ipaas", record_ids=here)
        there = [
            world.company(rig, f"Lost there {made} {n}", phone_number=f"+1 512 555 2{made:d}{n}0") for n in range(2)
        ]
        with rig.fault(service="salesforce", method=method, path=path, action=lost):
            rig.run("account", direction="to_salesforce", record_ids=there)
    ground.pass_time(hours=1)
    for row in world.salesforce_rows(rig, "Account"):
        if row["Name"] == "Lost here True 1":
            world.edit_salesforce(rig, row["Id"], Phone="+1 512 555 0302")
    for record in world.companies(rig):
        if record["name"] == "Lost there True 1":
            world.edit_company(rig, str(record["id"]), phone_number="+1 512 555 0303")


def contacts(ground: Ground) -> None:
    """Contacts and their Accounts at first contact, with relationships."""
    rig = ground.rig
    rig.control("PATCH", "ipaas/switches", {"relationships": "on"})
    rig.profile_overrides = {"relationships": "on"}
    world.customer(rig, last_name="Old", email="old@example.com")
    ground.pass_time(days=30)
    for number in range(2):
        account = world.account(rig, f"Employer {number}")
        world.contact(rig, account, LastName=f"Here {number}", email=f"here{number}@example.com")
        world.customer(rig, last_name=f"There {number}", email=f"there{number}@example.com")
    matched = world.account(rig, "Employer of both")
    world.contact(rig, matched, LastName="Both", FirstName="Cam", email="both@example.com")
    world.customer(rig, last_name="Both", first_name="Cam", email="both@example.com")


def contacts_both_ways(ground: Ground) -> None:
    """Contacts and Customers in step, with new and changed ones on either side."""
    contacts(ground)
    rig = ground.rig
    rig.run("contact").ok  # noqa: B018
    ground.pass_time(hours=1)
    rig.run("contact").ok  # noqa: B018
    for row in world.salesforce_rows(rig, "Contact"):
        if row["LastName"] == "Here 0":
            world.edit_salesforce(rig, row["Id"], FirstName="Edited")
    for record in world.customers(rig):
        if record["last_name"] == "There 0":
            world.edit_customer(rig, str(record["id"]), first_name="Edited")
    account = world.account(rig, "New employer")
    world.contact(rig, account, LastName="New here", email="new-here@example.com")
    world.customer(rig, last_name="New there", email="new-there@example.com")


def merged(ground: Ground) -> None:
    """Accounts that were merged into an unlinked one and into a linked one, and one that was deleted."""
    in_step(ground)
    rig = ground.rig
    first, second, third, deleted = pairs_of(ground, 4)
    winner = world.account(rig, "Winner")
    rig.sandbox.salesforce.merge(winner, [first])
    rig.sandbox.salesforce.merge(second, [third])
    rig.sandbox.salesforce.delete(deleted)


def lost_ledger(ground: Ground) -> None:
    """Both services in step, and an empty ledger."""
    in_step(ground)
    pairs_of(ground, 2)
    ground.lose_ledger()


def many_new(ground: Ground) -> None:
    """More new records than the run may create, and a match that may not be linked therefore."""
    in_step(ground)
    (owing,) = pairs_of(ground, 1)
    owe(ground, owing)
    for number in range(2):
        world.account(ground.rig, f"Here {number}")
    company = world.company(ground.rig, "Named there")
    world.account(ground.rig, "Named here", iPaaS_Id__c=company)


def one_way(ground: Ground) -> None:
    """A pair that owes its external id and waits for another reason besides."""
    in_step(ground)
    (owing,) = pairs_of(ground, 1)
    world.edit_salesforce(ground.rig, owe(ground, owing), Phone="+1 512 555 0600")
    world.company(ground.rig, "There")


def ids_refused(ground: Ground) -> None:
    """iPaaS.com refuses the external id of a match."""
    in_step(ground)
    company = world.company(ground.rig, "Named there")
    world.account(ground.rig, "Named here", iPaaS_Id__c=company)
    ground.rig.control("POST", "faults", REFUSES_ID)


def reported_before(ground: Ground) -> None:
    """A run that has ended, is cleared, and runs again after further edits."""
    both_ways(ground)
    ground.run("account", RUN, {})
    ground.pass_time(minutes=15)
    for row in world.salesforce_rows(ground.rig, "Account"):
        if row["Name"] in ("Pair 0", "Here 0"):
            world.edit_salesforce(ground.rig, row["Id"], Phone="+1 512 555 0400")
    world.company(ground.rig, "Since then")


def planned_before(ground: Ground) -> None:
    """A run that was cleared from its start while it had a plan, and that nobody has reported yet."""
    both_ways(ground)
    ground.run("account", RUN, {}, steps=STEPS[: STEPS.index("upsert_ipaas")])


def no_calls_left(ground: Ground) -> None:
    """Salesforce answers no write any more."""
    both_ways(ground)
    limit = {"service": "salesforce", "path": "composite/sobjects", "action": {"type": "limit_exceeded"}}
    ground.rig.control("POST", "faults", limit)


def field_gone(ground: Ground) -> None:
    """A field that the sync remembers, and that the API user does not see any more."""
    both_ways(ground)
    ground.rig.switch("salesforce", external_id_field=False)


def field_broken(ground: Ground) -> None:
    """A mapped field that the API user does not see any more, and one that it sees again."""
    both_ways(ground)
    ground.rig.switch("salesforce", hidden_fields=["Account.Website"])
    ground.run("account", "before", {})
    ground.rig.switch("salesforce", hidden_fields=["Account.Description"])
    for row in world.salesforce_rows(ground.rig, "Account"):
        if row["Name"] == "Pair 0":
            world.edit_salesforce(ground.rig, row["Id"], Phone="+1 512 555 0700")


def flow(ground: Ground) -> None:
    """A flow of the org sets another field at the first update."""
    rig = ground.rig
    account = world.account(rig, "Flow here")
    world.synced(rig, "account", account)
    ground.pass_time(hours=1)
    rig.control("POST", "salesforce/flows", {"sobject": "Account", "set": {"Fax": "+1 512 555 0500"}})
    world.edit_company(rig, company_of(ground, account), phone_number="+1 512 555 0501")


def flipping(ground: Ground) -> None:
    """A field that kept changing back and forth, and a Company that is gone."""
    rig = ground.rig
    gone = world.account(rig, "Gone there")
    account = world.account(rig, "Flips", Phone="A")
    world.synced(rig, "account", account)
    rig.sandbox.ipaas.remove("company", int(company_of(ground, gone)), "purge")
    for turn in range(5):
        ground.pass_time(minutes=16)
        world.edit_salesforce(rig, account, Phone="BA"[turn % 2])
        rig.run("account").ok  # noqa: B018


def bulk(ground: Ground) -> None:
    """As many new Companies as make a bulk job."""
    in_step(ground)
    ground.rig.settings = {"bulk_threshold": 3}
    for number in range(4):
        world.company(ground.rig, f"There {number}", description=f"Number {number}")


def bulk_left_behind(ground: Ground) -> None:
    """The same, after a run that closed the job and heard no more of it."""
    bulk(ground)
    silent = {"type": "status", "status": 503}
    with ground.rig.fault(service="salesforce", method="GET", path="jobs/ingest/[^/]+$", action=silent):
        ground.rig.run("account")
    ground.pass_time(hours=1)


def asked_for(ground: Ground) -> dict[str, Any]:
    """Name those records, and one of either service that does not exist."""
    known = [row["Id"] for row in world.salesforce_rows(ground.rig, "Account")]
    return {"record_ids": [*known, "001000000000123AAA", "999999"]}


def link_only(ground: Ground) -> None:
    """A first contact that waits for a go: two that belong together, and others."""
    first_contact(ground)
    ground.rig.settings = {"first_contact": "link_only"}
    company = world.company(ground.rig, "Together")
    ground.rig.control(
        "PUT",
        "ipaas/external-ids",
        {
            "table": "company",
            "internal_id": int(company),
            "external_id": world.account(ground.rig, "Together", Phone="+1 512 555 0950"),
            "system_id": 5501,
        },
    )
    ground.run("account", "rebuilds", {"full": True})


def link_only_read(ground: Ground) -> None:
    """The same, after its report was read."""
    link_only(ground)
    ground.run("account", "links", {"full": True, "confirm_rebuild": True})


def drifted(ground: Ground) -> None:
    """An edit that no window has reached."""
    in_step(ground)
    (account,) = pairs_of(ground, 1)
    long_ago = ground.sandbox.clocks["salesforce"].now() - timedelta(days=30)
    ground.sandbox.salesforce.update(account, {"Phone": "+1 512 555 0960"}, at=long_ago)


def previewed(ground: Ground) -> dict[str, Any]:
    rows = world.salesforce_rows(ground.rig, "Account")
    return {"record_ids": [row["Id"] for row in rows], "dry_run": True}


SCENARIOS = (
    Scenario("first contact", first_contact, params={"full": True}),
    Scenario("backfill", first_contact, params={"backfill": True}),
    Scenario("both ways", both_ways, whole={"upsert_ipaas", "upsert_salesforce"}),
    Scenario("both ways, disturbed", both_ways, meanwhile={"upsert_ipaas": meanwhile_carried}),
    Scenario("released", released),
    Scenario("lost creates", lost_creates),
    Scenario("lost creates, id field", lost_creates_by_id, whole={"upsert_salesforce"}),
    Scenario("contacts at first contact", contacts, "contact"),
    Scenario("contacts both ways", contacts_both_ways, "contact"),
    Scenario("bulk", bulk),
    Scenario("bulk, left behind", bulk_left_behind),
    Scenario("merged", merged),
    Scenario("merged, all read", merged, params={"full": True}),
    Scenario("ledger lost", lost_ledger, then={"confirm_rebuild": True}, red={"prerequisites", "report"}, stops=True),
    Scenario("ledger lost, confirmed", lost_ledger, params={"confirm_rebuild": True}),
    Scenario("too many", many_new, params={"max_creates": 1}, red={"plan", "report"}, stops=True),
    Scenario("dry run", both_ways, params={"dry_run": True}, stops=True),
    Scenario("dry run of some", both_ways, params=previewed, stops=True),
    Scenario("external id refused", ids_refused),
    Scenario("one way", one_way, params={"direction": "to_salesforce"}),
    Scenario("cleared", reported_before),
    Scenario("cleared with a plan", planned_before),
    Scenario("no calls left", no_calls_left, red={"upsert_salesforce", "report"}),
    Scenario("field gone", field_gone),
    Scenario("field broken", field_broken, red={"report"}),
    Scenario("flow", flow, red={"upsert_salesforce", "report"}),
    Scenario("asked for", flipping, params=asked_for, red={"report"}),
    Scenario("link only", link_only, params={"full": True, "confirm_rebuild": True}),
    Scenario("link only, confirmed", link_only_read, params={"full": True, "confirm_first_contact": True}),
    Scenario("drifted", drifted, params={"repair": True}, steps=("reconcile",)),
    Scenario("schema looked at", in_step, steps=("schema_drift",), stops=True),
)
