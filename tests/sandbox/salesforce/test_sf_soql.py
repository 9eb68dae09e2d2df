from __future__ import annotations

import gzip
import json

import pytest

STAMP = "2026-11-23T10:00:00.000+0000"


@pytest.fixture
def names(sf):
    """Fill the org with a few Accounts and return the lookup of names by condition."""
    sf.clock("2026-11-23T10:00:00Z")
    sf.create("Account", Name="Acme", Phone="1", NumberOfEmployees=10, Active__c=True, Rating="Hot")
    sf.control("POST", "/clock", {"advance_s": 60})
    sf.create("Account", Name="acme 100%", Phone="2", NumberOfEmployees=200)
    sf.control("POST", "/clock", {"advance_s": 60})
    sf.create("Account", Name="O'Neil \\ Sons", AccountNumber="A_1", BillingCity="Köln")
    sf.create("Account", Name="Zeta", Rating="Cold", AnnualRevenue=1.5)
    return sf.names


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("name = 'acme' OR NAME = 'zeta'", ["Acme", "Zeta"]),
        ("Name != 'acme' AND Name != 'zeta'", ["acme 100%", "O'Neil \\ Sons"]),
        ("Name <> 'acme' AND Rating != null", ["Zeta"]),
        ("Name IN ('acme','ZETA')", ["Acme", "Zeta"]),
        ("Name NOT IN ('acme','ZETA')", ["acme 100%", "O'Neil \\ Sons"]),
        ("Name LIKE 'ac%'", ["Acme", "acme 100%"]),
        ("Name LIKE '_cme'", ["Acme"]),
        (r"Name LIKE '%100\%'", ["acme 100%"]),
        (r"AccountNumber LIKE 'a\_1'", ["O'Neil \\ Sons"]),
        (r"Name = 'O\'Neil \\ Sons'", ["O'Neil \\ Sons"]),
        (r"Name LIKE 'O\'Neil \\\\ %'", []),
        (r"Name LIKE 'O\'Neil \\ %'", ["O'Neil \\ Sons"]),
        (r"BillingCity = 'K\u00f6ln'", ["O'Neil \\ Sons"]),
        ("BillingCity = 'KÖLN'", ["O'Neil \\ Sons"]),
        ("Rating = null", ["acme 100%", "O'Neil \\ Sons"]),
        ("Rating != 'Hot'", ["acme 100%", "O'Neil \\ Sons", "Zeta"]),
        ("Active__c = true", ["Acme"]),
        ("Active__c = null AND Rating != null", ["Zeta"]),
        ("NumberOfEmployees > 10", ["acme 100%"]),
        ("NumberOfEmployees >= 10 AND NumberOfEmployees <= 200", ["Acme", "acme 100%"]),
        ("NumberOfEmployees < 11", ["Acme"]),
        ("AnnualRevenue = 1.5", ["Zeta"]),
        ("Name > 'b'", ["O'Neil \\ Sons", "Zeta"]),
        ("NOT Name LIKE 'a%'", ["O'Neil \\ Sons", "Zeta"]),
        ("NOT (Name LIKE 'a%' OR Name = 'zeta')", ["O'Neil \\ Sons"]),
        ("(Name = 'zeta' AND Rating = 'cold') OR (Phone = '1' AND Active__c = TRUE)", ["Acme", "Zeta"]),
        ("SystemModstamp >= 2026-11-23T10:01:00Z AND SystemModstamp < 2026-11-23T10:02:00Z", ["acme 100%"]),
        ("SystemModstamp > 2026-11-23T12:01:00+02:00", ["O'Neil \\ Sons", "Zeta"]),
        ("SystemModstamp = 2026-11-23T10:00:00.999Z", ["Acme"]),
        ("CreatedDate <= 2026-11-23T10:00:00Z", ["Acme"]),
        ("Owner.Name = 'integration user' AND Name = 'Zeta'", ["Zeta"]),
        ("Parent.Name = null AND Name = 'Zeta'", ["Zeta"]),
        ("Account.Name = 'Zeta'", ["Zeta"]),
    ],
)
def test_conditions(names, where, found):
    assert sorted(names(where), key=str.lower) == sorted(found, key=str.lower)


def test_ids_compare_in_both_lengths(sf):
    first, second = sf.create("Account", Name="A"), sf.create("Account", Name="B")
    assert sf.ids(f"SELECT Id FROM Account WHERE Id = '{first[:15]}'") == [first]
    assert sf.ids(f"SELECT Id FROM Account WHERE Id IN ('{first}', '{second[:15]}') ORDER BY Id DESC") == [
        second,
        first,
    ]
    assert sf.ids(f"SELECT Id FROM Account WHERE Id > '{first}'") == [second]


def test_keyset_paging_finds_every_row_once(sf):
    sf.clock("2026-11-23T10:00:00Z")
    expected = []
    for minute in range(3):
        body = {"records": [{"attributes": {"type": "Account"}, "Name": f"A{n}"} for n in range(40)]}
        expected += [item["id"] for item in sf.call("POST", "/composite/sobjects", json=body).json()]
        sf.control("POST", "/clock", {"advance_s": 60 * (minute % 2)})
    found, at, last = [], "2026-11-23T09:00:00Z", "000000000000000"
    while True:
        where = f"(SystemModstamp = {at} AND Id > '{last}') OR SystemModstamp > {at}"
        soql = f"SELECT Id, SystemModstamp FROM Account WHERE {where} ORDER BY SystemModstamp, Id LIMIT 7"
        page = sf.query(soql).json()["records"]
        if not page:
            break
        found += [record["Id"] for record in page]
        at, last = page[-1]["SystemModstamp"].replace("+0000", "Z"), page[-1]["Id"]
    assert found == expected


def test_ordering(sf):
    for name, rating in (("b", "Hot"), ("A", None), ("c", "Cold"), ("B", "Cold")):
        sf.create("Account", Name=name, Rating=rating)

    def ordered(by: str) -> str:
        return "".join(r["Name"] for r in sf.query(f"SELECT Name FROM Account ORDER BY {by}").json()["records"])

    assert ordered("Name, Id") == "AbBc"
    assert ordered("Name DESC, Id DESC") == "cBbA"
    assert ordered("Rating, Name") == "ABcb"
    assert ordered("Rating NULLS LAST, Name DESC") == "cBbA"
    assert ordered("Rating DESC NULLS LAST, Name ASC") == "bBcA"
    assert ordered("Id LIMIT 2 OFFSET 1") == "Ac"


def test_answers_follow_the_select_list_in_canonical_case(sf):
    account = sf.create("Account", Name="Acme", BillingStreet="1 Main St\nSuite 2")
    contact = sf.create("Contact", LastName="Doe", AccountId=account)
    sf.create("Contact", LastName="Alone")
    soql = "select lastname, account.name, ID, account.owner.name, BILLINGCITY from contact"
    refused = sf.query(soql)
    assert "No such column 'BILLINGCITY' on entity 'Contact'" in refused.text
    records = sf.query(soql.replace(", BILLINGCITY", "") + " order by id").json()["records"]
    assert list(records[0]) == ["attributes", "LastName", "Account", "Id"]
    assert records[0]["attributes"] == {"type": "Contact", "url": f"/services/data/v64.0/sobjects/Contact/{contact}"}
    assert records[0]["Account"]["Name"] == "Acme"
    assert records[0]["Account"]["attributes"]["url"].endswith(account)
    assert records[0]["Account"]["Owner"]["Name"] == "Integration User"
    assert records[1]["Account"] is None
    shown = sf.query("SELECT BillingAddress, ShippingAddress, SystemModstamp FROM Account").json()["records"][0]
    assert shown["BillingAddress"]["street"] == "1 Main St\nSuite 2"
    assert set(shown["BillingAddress"]) == {
        "city",
        "country",
        "geocodeAccuracy",
        "latitude",
        "longitude",
        "postalCode",
        "state",
        "street",
    }
    assert shown["ShippingAddress"] is None
    assert shown["SystemModstamp"].endswith(".000+0000")


def test_counting(sf):
    sf.create("Contact", LastName="A", Email="a@b.example")
    sf.create("Contact", LastName="B")
    assert sf.query("SELECT COUNT() FROM Contact").json() == {"totalSize": 2, "done": True, "records": []}
    assert sf.query("SELECT COUNT(Email) FROM Contact").json()["records"] == [
        {"attributes": {"type": "AggregateResult"}, "expr0": 1}
    ]
    assert sf.query("SELECT COUNT(Id) n FROM Contact WHERE Email = null").json()["records"][0]["n"] == 1


def test_field_sets(sf):
    sf.create("Account", Name="A")
    everything = sf.query("SELECT FIELDS(ALL) FROM Account LIMIT 200").json()["records"][0]
    assert {"Name", "iPaaS_Id__c", "BillingAddress"} <= set(everything)
    standard = sf.query("SELECT FIELDS(STANDARD) FROM Account").json()["records"][0]
    assert "iPaaS_Id__c" not in standard
    assert sf.query("SELECT FIELDS(ALL) FROM Account").json()[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    "soql",
    [
        "",
        "SELEC Id FROM Account",
        "SELECT Id FORM Account",
        "SELECT Id FROM Account WHERE",
        'SELECT Id FROM Account WHERE Name = "x"',
        "SELECT Id FROM Account WHERE Name = 'x' AND Phone = 'y' OR Fax = 'z'",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account WHERE Name = 'open",
        r"SELECT Id FROM Account WHERE Name = 'a\qb'",
        r"SELECT Id FROM Account WHERE Name = 'a\%b'",
        "SELECT Id FROM Account LIMIT x",
        "SELECT Id, Id FROM Account",
        "SELECT COUNT() FROM Account ORDER BY Name",
        "SELECT Id FROM Account; DROP",
        "SELECT Id FROM Account GROUP BY Name",
        "SELECT Id FROM Account WHERE SystemModstamp > 2026-11-23T10:00:00 00:00",
        "SELECT Id FROM Account WHERE SystemModstamp > 2026-13-23T10:00:00Z",
        "SELECT Id FROM Account WHERE Name = '" + "x" * 4001 + "'",
        "SELECT Id FROM Account ALL ROWS",
    ],
)
def test_anything_else_is_malformed(sf, soql, error_of):
    status, code, _ = error_of(sf.query(soql))
    assert (status, code) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        (
            "SystemModstamp > '2026-11-23T10:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("NumberOfEmployees = '5'", "INVALID_FIELD", "must be of type int and should not be enclosed in quotes"),
        ("Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
        ("Active__c = 'true'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"),
        ("Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"),
        ("BillingAddress = 'x'", "INVALID_FIELD", "field 'BillingAddress' can not be filtered in a query call"),
        ("Boss.Name = 'x'", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."),
        ("Id = 'rubbish'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: rubbish"),
        ("NumberOfEmployees LIKE 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
    ],
)
def test_fields_that_can_not_be_compared_that_way(sf, where, code, text, error_of):
    status, found, message = error_of(sf.query(f"SELECT Id FROM Account WHERE {where}"))
    assert (status, found) == (400, code)
    assert text in message


def test_an_unknown_column_is_pointed_at(sf, error_of):
    assert error_of(sf.query("SELECT Bacon__c FROM Account LIMIT 2")) == (
        400,
        "INVALID_FIELD",
        "\nSELECT Bacon__c FROM Account LIMIT 2\n       ^\nERROR at Row:1:Column:8\nNo such column 'Bacon__c' on entity "
        "'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
        "name. Please reference your WSDL or the describe call for the appropriate names.",
    )
    assert error_of(sf.query("SELECT Id FROM Bacon"))[1] == "INVALID_TYPE"
    assert error_of(sf.query("SELECT Id FROM Account OFFSET 2001"))[1] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert "can not be sorted" in error_of(sf.query("SELECT Id FROM Account ORDER BY Description"))[2]


def test_pages_and_locators(sf, error_of):
    sf.clock("2026-11-23T10:00:00Z")
    for number in range(450):
        sf.sandbox.salesforce.insert("Account", {"Name": f"A{number:03}"})
    options = {"Sforce-Query-Options": "batchSize=200"}
    first = sf.query("SELECT Id, Name FROM Account ORDER BY Name", headers=options).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith("/services/data/v64.0/query/01g")
    assert first["nextRecordsUrl"].endswith("-200")
    changed = sf.ids("SELECT Id FROM Account WHERE Name = 'A300'")[0]
    sf.control("PATCH", f"/salesforce/records/Account/{changed}", {"fields": {"Name": "changed"}})
    second = sf.http.get(sf.url + first["nextRecordsUrl"], timeout=30).json()
    third = sf.http.get(sf.url + second["nextRecordsUrl"], timeout=30).json()
    assert (second["totalSize"], third["done"], "nextRecordsUrl" in third) == (450, True, False)
    read = [record["Name"] for page in (first, second, third) for record in page["records"]]
    assert read == [f"A{number:03}" for number in range(450)]
    sf.control("POST", "/salesforce/locators/expire")
    gone = sf.http.get(sf.url + first["nextRecordsUrl"], timeout=30)
    assert error_of(gone) == (400, "INVALID_QUERY_LOCATOR", "invalid query locator")


def test_locators_live_two_days_and_page_sizes_are_bounded(sf, error_of):
    sf.sandbox.salesforce.switches.set("api_limit", 1000)
    for number in range(2100):
        sf.sandbox.salesforce.insert("Account", {"Name": f"A{number}"})
    for asked, given in (("1", 200), ("9999", 2000), ("700", 700)):
        page = sf.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": f"batchSize={asked}"}).json()
        assert len(page["records"]) == given
    page = sf.query("SELECT Id FROM Account", everything=True).json()
    assert page["nextRecordsUrl"].split("/")[4] == "query"
    assert page["nextRecordsUrl"].endswith("-2000")
    sf.control("POST", "/clock", {"advance_s": 2 * 86400 + 60})
    assert error_of(sf.http.get(sf.url + page["nextRecordsUrl"], timeout=30))[1] == "INVALID_QUERY_LOCATOR"


def test_query_all_shows_deleted_rows(sf):
    kept, gone = sf.create("Account", Name="kept"), sf.create("Account", Name="gone")
    assert sf.call("DELETE", f"/sobjects/Account/{gone}").status_code == 204
    assert sf.ids("SELECT Id FROM Account") == [kept]
    assert sf.ids("SELECT Id FROM Account WHERE IsDeleted = true") == []
    assert sf.ids("SELECT Id FROM Account ORDER BY Id", everything=True) == [kept, gone]
    assert sf.ids("SELECT Id FROM Account WHERE IsDeleted = true", everything=True) == [gone]


def test_long_urls_and_gzip(sf):
    name = "x" * 3000
    ids = ",".join(f"'{name}'" for _ in range(6))
    assert sf.query(f"SELECT Id FROM Account WHERE Name IN ({ids})").status_code == 414
    body = json.dumps({"records": [{"attributes": {"type": "Account"}, "Name": f"Ä{n}"} for n in range(50)]})
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    sent = sf.call("POST", "/composite/sobjects", data=gzip.compress(body.encode()), headers=headers)
    assert all(item["success"] for item in sent.json())
    packed = sf.query("SELECT Id, Name FROM Account", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json()["totalSize"] == 50
    plain = sf.query("SELECT Id, Name FROM Account", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    broken = sf.call("POST", "/composite/sobjects", data=b"rubbish", headers=headers)
    assert broken.status_code == 400


def test_a_large_org_answers_from_its_indexes(sf):
    store = sf.sandbox.salesforce
    sf.clock("2026-11-23T10:00:00Z")
    for number in range(5000):
        store.insert(
            "Contact", {"LastName": f"L{number}", "Email": f"u{number}@example.com", "iPaaS_Id__c": f"c{number}"}
        )
    sf.control("POST", "/clock", {"advance_s": 60})
    late = store.insert("Contact", {"LastName": "Late", "Email": "U17@EXAMPLE.COM"})
    found = sf.query("SELECT Email FROM Contact WHERE Email IN ('u17@example.com','U18@example.com')").json()
    assert sorted(record["Email"] for record in found["records"]) == [
        "U17@EXAMPLE.COM",
        "u17@example.com",
        "u18@example.com",
    ]
    assert sf.ids("SELECT Id FROM Contact WHERE SystemModstamp >= 2026-11-23T10:01:00Z") == [late]
    assert len(sf.ids("SELECT Id FROM Contact WHERE iPaaS_Id__c = 'C4999'")) == 1
    newest = "SELECT Id FROM Contact WHERE SystemModstamp >= 2026-11-23T10:00:00Z ORDER BY SystemModstamp DESC LIMIT 1"
    assert sf.ids(newest) == [late]
