"""Clocks that are wrong, seconds that are shared, days that are shifted: windows go by the services' own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.behaviour import world
from tests.support.rig import Rig

ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Midway", "Europe/Berlin", "America/New_York"]


@pytest.mark.parametrize("minutes", [-600, -10, 10, 600])
def test_a_worker_whose_clock_is_wrong_loses_nothing_and_writes_nothing_twice(either: Rig, minutes: int) -> None:
    either.offset = timedelta(minutes=minutes)
    ours = world.account(either, "Pair")
    theirs = world.synced(either, "account", ours, full=True)
    for turn in range(3):
        world.later(either, hours=7)
        world.edit_salesforce(either, ours, Phone=f"+1 512 555 010{turn}")
        world.edit_company(either, theirs, fax_number=f"+1 512 555 020{turn}")
        world.account(either, f"Here {turn}")
        either.run("account", poll_days=1).ok  # noqa: B018
        assert world.raw_company(either, theirs)["phone_number"] == f"+1 512 555 010{turn}"
        assert world.raw_salesforce(either, ours)["Fax"] == f"+1 512 555 020{turn}"
        assert world.is_quiet(either.run("account", poll_days=1))
    assert len(world.companies(either)) == 4


@pytest.mark.parametrize(("salesforce", "ipaas"), [(10, -10), (-10, 10)])
def test_both_services_may_be_wrong_in_opposite_ways(either: Rig, salesforce: int, ipaas: int) -> None:
    either.sandbox.clocks["salesforce"].skew(timedelta(minutes=salesforce))
    either.sandbox.clocks["ipaas"].skew(timedelta(minutes=ipaas))
    parent = world.account(either, "Parent")
    ours = world.contact(either, parent, Title="0")
    either.run("contact", full=True).ok  # noqa: B018
    theirs = world.partner(either, "contact", ours)
    for turn in range(3):
        world.later(either, minutes=20)
        world.edit_salesforce(either, ours, LastName=f"Name {turn}")
        either.run("contact").ok  # noqa: B018
        world.later(either, minutes=20)
        world.edit_customer(either, theirs, first_name=f"First {turn}")
        either.run("contact").ok  # noqa: B018
        assert world.raw_customer(either, theirs)["last_name"] == f"Name {turn}"
        assert world.raw_salesforce(either, ours)["FirstName"] == f"First {turn}"
    assert world.is_quiet(either.run("contact"))


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_the_worker_does_not_matter(rig: Rig, zone: str) -> None:
    store = rig.sandbox.salesforce
    now = rig.sandbox.clocks["salesforce"].now()
    store.insert("Account", {"Name": "Inside"}, at=now - timedelta(hours=23))
    store.insert("Account", {"Name": "Outside"}, at=now - timedelta(hours=25))
    with world.living_in(zone):
        rig.run("account", poll_days=1).ok  # noqa: B018
        assert [record["name"] for record in world.companies(rig)] == ["Inside"]
        assert world.is_quiet(rig.run("account", poll_days=1))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC),  # Europe goes to summer time
        datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC),  # and back: an hour comes twice there
        datetime(2028, 2, 28, 23, 59, 50, tzinfo=UTC),  # a leap day begins
        datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC),
    ],
    ids=["spring", "autumn", "leap-day", "new-year"],
)
def test_hours_that_come_twice_or_never_hold_no_edit_back(rig: Rig, moment: datetime) -> None:
    for service in ("salesforce", "ipaas"):
        rig.control("POST", "clock", {"service": service, "now": moment.isoformat(), "frozen": True})
    rig.offset = moment - datetime.now(UTC)
    with world.living_in("Europe/Berlin"):
        ours = world.account(rig, "Pair")
        theirs = world.synced(rig, "account", ours)
        for turn in range(4):
            world.later(rig, minutes=30)
            world.edit_salesforce(rig, ours, Phone=str(turn))
            rig.run("account", poll_days=1).ok  # noqa: B018
            assert world.raw_company(rig, theirs)["phone_number"] == str(turn)
        assert world.is_quiet(rig.run("account", poll_days=1))


@pytest.mark.parametrize("digits", [0, 3, 6, 7])
@pytest.mark.parametrize("offset", [-300, 0, 345])
def test_stamps_of_ipaas_are_read_in_any_precision_and_zone(rig: Rig, digits: int, offset: int) -> None:
    rig.control("PATCH", "ipaas/switches", {"datetime_digits": str(digits), "datetime_offset_min": offset})
    parent = world.account(rig, "Parent")
    ours = world.contact(rig, parent)
    rig.run("contact", full=True).ok  # noqa: B018
    theirs = world.partner(rig, "contact", ours)
    world.later(rig, hours=1)
    world.edit_customer(rig, theirs, first_name="Edited")
    rig.run("contact", poll_days=1).ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["FirstName"] == "Edited"
    assert world.is_quiet(rig.run("contact"))


def test_an_edit_in_the_second_of_our_own_write_is_an_edit(either: Rig) -> None:
    """Our write and a person's edit share a stamp: the content tells them apart."""
    ours = world.account(either, "Pair", Phone="1")
    theirs = world.synced(either, "account", ours)
    world.later(either, minutes=1)
    either.control("POST", "clock", {"service": "salesforce", "frozen": True})
    world.edit_company(either, theirs, phone_number="2")
    either.run("account").ok  # noqa: B018
    assert world.raw_salesforce(either, ours)["Phone"] == "2"
    written = world.raw_salesforce(either, ours)["SystemModstamp"]
    world.edit_salesforce(either, ours, Phone="3")
    assert world.raw_salesforce(either, ours)["SystemModstamp"] == written
    either.run("account").ok  # noqa: B018
    assert world.raw_company(either, theirs)["phone_number"] == "3"
    assert world.is_quiet(either.run("account"))


def test_more_rows_than_a_page_in_one_second_are_all_read(rig: Rig) -> None:
    """A bulk edit: 2,500 rows with one stamp, over two pages."""
    rig.run("account").ok  # noqa: B018
    rig.control("POST", "clock", {"service": "salesforce", "frozen": True})
    for number in range(2500):
        rig.sandbox.salesforce.insert("Account", {"Name": f"Bulk {number}"})
    assert len({row["SystemModstamp"] for row in rig.sandbox.salesforce.rows("Account")}) == 1
    result = rig.run("account", dry_run=True, max_creates=None).ok
    assert result["to_ipaas"]["created"] == 2500
