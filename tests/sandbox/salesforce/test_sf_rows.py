from __future__ import annotations

import pytest


def test_create_read_update_delete(sf, error_of):
    created = sf.call("POST", "/sobjects/Account", json={"Name": "Acme", "Phone": "  1 ", "Fax": "", "Website": None})
    body = created.json()
    assert (created.status_code, body["success"], body["errors"], len(body["id"])) == (201, True, [], 18)
    path = f"/sobjects/Account/{body['id']}"
    assert created.headers["Location"] == f"/services/data/v64.0{path}"
    record = sf.read("Account", body["id"])
    assert (record["Name"], record["Phone"], record["Fax"], record["Website"]) == ("Acme", "1", None, None)
    assert record["attributes"]["url"] == f"/services/data/v64.0{path}"
    updated = sf.call("PATCH", path, json={"phone": "2", "Name": "Acme 2"})
    assert (updated.status_code, updated.content) == (204, b"")
    assert sf.read("Account", body["id"][:15])["Phone"] == "2"
    assert sf.call("PATCH", path, json={"Phone": None}).status_code == 204
    assert sf.read("Account", body["id"])["Phone"] is None
    chosen = sf.call("GET", path, params={"fields": "name,BillingAddress"}).json()
    assert set(chosen) == {"attributes", "Name", "BillingAddress", "Id"}
    assert error_of(sf.call("GET", path, params={"fields": "Name,Nope"}))[1] == "INVALID_FIELD"
    assert sf.call("DELETE", path).status_code == 204
    for method in ("DELETE", "GET", "PATCH"):
        answer = sf.call(method, path, json={"Name": "x"} if method == "PATCH" else None)
        assert error_of(answer) == (404, "ENTITY_IS_DELETED", "entity is deleted")


def test_every_write_moves_the_stamps_even_without_a_change(sf):
    sf.clock("2026-11-23T10:00:00.900Z")
    account = sf.create("Account", Name="Acme")
    first = sf.read("Account", account)
    assert {first[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")} == {
        "2026-11-23T10:00:00.000+0000"
    }
    sf.control("POST", "/clock", {"advance_s": 61})
    assert sf.call("PATCH", f"/sobjects/Account/{account}", json={"Name": "Acme"}).status_code == 204
    second = sf.read("Account", account)
    assert second["CreatedDate"] == first["CreatedDate"]
    assert second["LastModifiedDate"] == second["SystemModstamp"] == "2026-11-23T10:01:01.000+0000"
    assert second["CreatedById"] == second["LastModifiedById"] == second["OwnerId"]


def test_the_date_header_is_the_service_s_time(sf):
    sf.control("POST", "/clock", {"service": "salesforce", "now": "2026-11-23T10:00:00Z"})
    sf.control("POST", "/clock", {"service": "salesforce", "skew_s": 90})
    assert sf.call("GET", "/limits").headers["Date"] == "Mon, 23 Nov 2026 10:01:30 GMT"
    account = sf.create("Account", Name="A")
    assert sf.read("Account", account)["SystemModstamp"] == "2026-11-23T10:01:30.000+0000"


def test_ids_and_objects_that_do_not_exist(sf, error_of):
    contact = sf.create("Contact", LastName="Doe")
    assert error_of(sf.call("GET", "/sobjects/Account/0015g0000009999AAA"))[:2] == (404, "NOT_FOUND")
    status, code, message = error_of(sf.call("GET", f"/sobjects/Account/{contact}"))
    assert (status, code, message) == (400, "MALFORMED_ID", f"Account ID: id value of incorrect type: {contact}")
    wrong_sum = contact[:-1] + ("B" if contact[-1] == "A" else "A")
    assert error_of(sf.call("GET", f"/sobjects/Contact/{wrong_sum}"))[1] == "MALFORMED_ID"
    assert error_of(sf.call("GET", "/sobjects/Account/x"))[:2] == (404, "NOT_FOUND")
    assert error_of(sf.call("GET", "/sobjects/Nope/x")) == (404, "NOT_FOUND", "The requested resource does not exist")
    assert error_of(sf.call("GET", "/nope"))[:2] == (404, "NOT_FOUND")


def test_upsert_by_external_id(sf, error_of):
    path = "/sobjects/Account/iPaaS_Id__c/A%2F17"
    created = sf.call("PATCH", path, json={"Name": "Acme"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    changed = sf.call("PATCH", path.replace("A%2F17", "a%2F17"), json={"Name": "Acme 2"})
    assert (changed.status_code, changed.json()) == (
        200,
        {"id": created.json()["id"], "success": True, "errors": [], "created": False},
    )
    assert sf.call("GET", path).json()["Name"] == "Acme 2"
    assert sf.read("Account", created.json()["id"])["iPaaS_Id__c"] == "A/17"
    assert error_of(sf.call("PATCH", path, json={"iPaaS_Id__c": "x"}))[1] == "INVALID_FIELD"
    assert error_of(sf.call("PATCH", path, json={"Id": created.json()["id"]}))[1] == "INVALID_FIELD"
    assert error_of(sf.call("PATCH", "/sobjects/Account/Nope__c/1", json={})) == (
        404,
        "NOT_FOUND",
        "The requested resource does not exist",
    )
    assert sf.call("PATCH", "/sobjects/Account/iPaaS_Id__c/none?updateOnly=true", json={}).status_code == 404
    assert sf.call("DELETE", path).status_code == 204
    assert sf.call("GET", path).status_code == 404


def test_several_matches_answer_300_and_write_nothing(sf):
    ids = [sf.create("Contact", LastName=name, Email="same@example.com") for name in ("A", "B")]
    answer = sf.call("PATCH", "/sobjects/Contact/Email/Same@example.com", json={"LastName": "C"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v64.0/sobjects/Contact/{record_id}" for record_id in ids]
    assert [sf.read("Contact", record_id)["LastName"] for record_id in ids] == ["A", "B"]


def test_the_external_id_field_can_be_taken_away(sf, error_of):
    sf.switch(external_id_field=False)
    assert error_of(sf.call("PATCH", "/sobjects/Account/iPaaS_Id__c/1", json={"Name": "A"}))[0] == 404
    assert error_of(sf.query("SELECT iPaaS_Id__c FROM Account"))[1] == "INVALID_FIELD"
    names = {field["name"] for field in sf.call("GET", "/sobjects/Account/describe").json()["fields"]}
    assert "iPaaS_Id__c" not in names


def test_parents_by_external_id(sf, error_of):
    sf.call("PATCH", "/sobjects/Account/iPaaS_Id__c/A-17", json={"Name": "Acme"})
    contact = sf.create("Contact", LastName="Doe", Account={"iPaaS_Id__c": "a-17"})
    assert sf.ids("SELECT Id FROM Contact WHERE Account.Name = 'acme'") == [contact]
    missing = sf.call("POST", "/sobjects/Contact", json={"LastName": "D", "Account": {"iPaaS_Id__c": "A-18"}})
    assert error_of(missing) == (
        400,
        "INVALID_FIELD",
        "Foreign key external ID: a-18 not found for field iPaaS_Id__c in entity Account",
    )


def test_the_way_to_create_by_id_and_the_method_override(sf):
    created = sf.call("POST", "/sobjects/Account/Id", json={"Name": "A"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    path = f"/sobjects/Account/{created.json()['id']}"
    assert sf.call("POST", path + "?_HttpMethod=PATCH", json={"Name": "B"}).status_code == 204
    assert sf.read("Account", created.json()["id"])["Name"] == "B"


def test_conditional_requests(sf):
    account = sf.create("Account", Name="A")
    path = f"/sobjects/Account/{account}"
    seen = sf.call("GET", path)
    assert sf.call("GET", path, headers={"If-None-Match": seen.headers["ETag"]}).status_code == 304
    assert sf.call("GET", path, headers={"If-Modified-Since": seen.headers["Last-Modified"]}).status_code == 304
    old = {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert sf.call("PATCH", path, json={"Name": "B"}, headers=old).status_code == 412
    assert sf.call("PATCH", path, json={"Name": "B"}, headers={"If-Match": '"other"'}).status_code == 412
    assert sf.call("PATCH", path, json={"Name": "B"}, headers={"If-Match": seen.headers["ETag"]}).status_code == 204


def test_every_rest_answer_carries_the_limit_and_using_it_up_refuses(sf, error_of):
    sf.switch(api_limit=3)
    versions = sf.http.get(f"{sf.url}/services/data/", timeout=30)
    assert "Sforce-Limit-Info" not in versions.headers
    usage = [sf.call("GET", path).headers["Sforce-Limit-Info"] for path in ("/limits", "/sobjects", "/nope")]
    assert usage == ["api-usage=1/3", "api-usage=2/3", "api-usage=2/3"]
    remaining = sf.call("GET", "/limits").json()["DailyApiRequests"]
    assert remaining == {"Max": 3, "Remaining": 0}
    refused = sf.call("GET", "/limits")
    assert error_of(refused) == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=3/3"
    sf.control("POST", "/salesforce/api-usage", {"used": 0})
    assert sf.call("GET", "/limits").status_code == 200


def test_versions_resources_and_describe(anonymous, sf):
    versions = sf.http.get(f"{sf.url}/services/data/", headers={"Authorization": ""}, timeout=30).json()
    assert [entry["version"] for entry in versions] == ["59.0", "60.0", "61.0", "62.0", "63.0", "64.0"]
    for version, status in (("59.0", 200), ("64.0", 200), ("65.0", 404), ("30.0", 410)):
        assert sf.http.get(f"{sf.url}/services/data/v{version}/", timeout=30).status_code == status
    assert sf.call("GET", "/").json()["sobjects"] == "/services/data/v64.0/sobjects"
    listed = {entry["name"]: entry["keyPrefix"] for entry in sf.call("GET", "/sobjects").json()["sobjects"]}
    assert listed["Account"] == "001"
    assert listed["Contact"] == "003"
    fields = {f["name"]: f for f in sf.call("GET", "/sobjects/account/describe").json()["fields"]}
    assert (fields["Name"]["label"], fields["Name"]["length"], fields["Name"]["nillable"]) == (
        "Account Name",
        255,
        False,
    )
    assert (fields["iPaaS_Id__c"]["externalId"], fields["iPaaS_Id__c"]["unique"]) == (True, True)
    assert fields["Description"]["filterable"] is False
    assert fields["Description"]["length"] == 32000
    assert fields["BillingStreet"]["compoundFieldName"] == "BillingAddress"
    assert "IsPersonAccount" not in fields
    contact = {f["name"]: f for f in sf.call("GET", "/sobjects/Contact/describe").json()["fields"]}
    assert (contact["LastName"]["length"], contact["Email"]["length"], contact["Email"]["idLookup"]) == (80, 80, True)
    assert contact["AccountId"]["relationshipName"] == "Account"
    assert contact["Name"]["createable"] is False
    assert sf.call("GET", "/sobjects/Account").json()["objectDescribe"]["keyPrefix"] == "001"


def test_wrong_methods_and_media_types(sf, error_of):
    assert error_of(sf.call("PUT", "/sobjects/Account")) == (
        405,
        "METHOD_NOT_ALLOWED",
        "HTTP Method 'PUT' not allowed. Allowed are GET,POST",
    )
    answer = sf.call("POST", "/sobjects/Account", data="<a/>", headers={"Content-Type": "text/xml"})
    assert error_of(answer)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")
    broken = sf.call("POST", "/sobjects/Account", data="{x", headers={"Content-Type": "application/json"})
    assert error_of(broken) == (400, "JSON_PARSER_ERROR", "Unexpected character ('x') at [line:1, column:2]")
    assert error_of(sf.call("POST", "/sobjects/Account", json=[1]))[1] == "JSON_PARSER_ERROR"
    sf.switch(api_enabled=False)
    assert error_of(sf.call("GET", "/limits"))[:2] == (403, "API_DISABLED_FOR_ORG")


def test_a_missing_or_foreign_token_is_refused(anonymous, error_of):
    assert error_of(anonymous.call("GET", "/limits"))[:2] == (401, "INVALID_SESSION_ID")
    anonymous.http.headers["Authorization"] = "Bearer rubbish"
    assert error_of(anonymous.call("POST", "/sobjects/Account", json={"Name": "A"}))[0] == 401


@pytest.mark.parametrize(
    ("sobject", "fields", "code", "message", "named"),
    [
        (
            "Account",
            {"Name": "x" * 256},
            "STRING_TOO_LONG",
            f"Account Name: data value too large: {'x' * 256} (max length=255)",
            ["Name"],
        ),
        (
            "Contact",
            {"FirstName": "A"},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            ["LastName"],
        ),
        (
            "Contact",
            {"LastName": " "},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            ["LastName"],
        ),
        (
            "Contact",
            {"LastName": "D", "Email": "not one"},
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: not one",
            ["Email"],
        ),
        (
            "Contact",
            {"LastName": "D", "AccountId": "0035g0000000001AAA"},
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: 0035g0000000001AAA",
            ["AccountId"],
        ),
        (
            "Contact",
            {"LastName": "D", "AccountId": "0015g0000009999AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            [],
        ),
        (
            "Account",
            {"Name": "A", "Nope__c": 1},
            "INVALID_FIELD",
            "No such column 'Nope__c' on sobject of type Account",
            ["Nope__c"],
        ),
        (
            "Contact",
            {"LastName": "D", "Name": "A", "SystemModstamp": "x"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: Name, SystemModstamp. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set.",
            ["Name", "SystemModstamp"],
        ),
        ("Account", {"Name": "A", "BillingAddress": {}}, "INVALID_FIELD_FOR_INSERT_UPDATE", None, ["BillingAddress"]),
        (
            "Account",
            {"Name": "A", "NumberOfEmployees": 123456789},
            "NUMBER_OUTSIDE_VALID_RANGE",
            None,
            ["NumberOfEmployees"],
        ),
        ("Account", {"Name": 5}, "JSON_PARSER_ERROR", None, None),
        ("Account", {"Name": "A", "Active__c": "maybe"}, "JSON_PARSER_ERROR", None, None),
        ("Contact", {"LastName": "A", "Birthdate": "31/12/1999"}, "JSON_PARSER_ERROR", None, None),
    ],
)
def test_refusals_of_single_records(sf, sobject, fields, code, message, named):
    answer = sf.call("POST", f"/sobjects/{sobject}", json=fields)
    entry = answer.json()[0]
    assert (answer.status_code, entry["errorCode"], entry.get("fields")) == (400, code, named)
    assert message in {None, entry["message"]}
    assert sf.ids(f"SELECT Id FROM {sobject}") == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", '"nan"', '"x"', "true", "1" + "0" * 400])
def test_numbers_that_are_none(sf, number):
    for field in ("NumberOfEmployees", "AnnualRevenue"):
        body = f'{{"Name": "A", "{field}": {number}}}'
        answer = sf.call("POST", "/sobjects/Account", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()[0]["errorCode"] in {"JSON_PARSER_ERROR", "NUMBER_OUTSIDE_VALID_RANGE"}


def test_the_unique_external_id(sf, error_of):
    first = sf.create("Account", Name="A", iPaaS_Id__c="X1")
    answer = sf.call("POST", "/sobjects/Account", json={"Name": "B", "iPaaS_Id__c": "x1"})
    assert error_of(answer) == (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: iPaaS_Id__c duplicates value on record with id: {first[:15]}",
    )
    sf.call("DELETE", f"/sobjects/Account/{first}")
    assert sf.create("Account", Name="B", iPaaS_Id__c="x1")


def test_duplicate_rules(sf):
    sf.switch(duplicate_rule_contact="alert", duplicate_rule_account="block")
    contact = sf.create("Contact", LastName="Doe", Email="doe@example.com")
    body = {"LastName": "Roe", "Email": "DOE@example.com"}
    answer = sf.call("POST", "/sobjects/Contact", json=body)
    entry = answer.json()[0]
    assert (answer.status_code, entry["errorCode"]) == (400, "DUPLICATES_DETECTED")
    detail = entry["duplicateResut"]
    assert detail["allowSave"] is True
    assert detail["matchResults"][0]["matchRecords"][0]["record"]["Id"] == contact
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert sf.call("POST", "/sobjects/Contact", json=body, headers=allow).status_code == 201
    sf.create("Account", Name="Acme")
    blocked = sf.call("POST", "/sobjects/Account", json={"Name": "ACME"}, headers=allow)
    assert blocked.json()[0]["duplicateResut"]["allowSave"] is False
    records = {"records": [{"attributes": {"type": "Account"}, "Name": "acme"}]}
    item = sf.call("POST", "/composite/sobjects", json=records).json()[0]["errors"][0]
    assert (item["statusCode"], set(item)) == ("DUPLICATES_DETECTED", {"statusCode", "message", "fields"})


def test_restricted_picklists(sf, error_of):
    assert sf.create("Account", Name="A", Rating="Lukewarm")
    sf.switch(restricted_picklists=True)
    answer = sf.call("POST", "/sobjects/Account", json={"Name": "B", "Rating": "Lukewarm"})
    assert error_of(answer) == (
        400,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Account Rating: bad value for restricted picklist field: Lukewarm",
    )
    bad = sf.call("POST", "/sobjects/Contact", json={"LastName": "B", "Salutation": "Sir"})
    assert error_of(bad)[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    account = sf.create("Account", Name="C", Languages__c="german;French")
    assert sf.read("Account", account)["Languages__c"] == "German;French"


def test_state_and_country_picklists(sf, error_of):
    names = {field["name"] for field in sf.call("GET", "/sobjects/Account/describe").json()["fields"]}
    assert "BillingStateCode" not in names
    sf.switch(state_country_picklists=True)
    account = sf.create("Account", Name="A", BillingState="california", BillingCountry="United States")
    shown = sf.read("Account", account)
    assert (shown["BillingStateCode"], shown["BillingCountryCode"], shown["BillingState"]) == ("CA", "US", "California")
    by_code = sf.create("Account", Name="B", BillingStateCode="NY", BillingCountryCode="US")
    assert sf.read("Account", by_code)["BillingState"] == "New York"
    assert sf.read("Account", by_code)["BillingAddress"]["countryCode"] == "US"
    bad_state = {"Name": "C", "BillingState": "Bavaria", "BillingCountry": "United States"}
    assert error_of(sf.call("POST", "/sobjects/Account", json=bad_state)) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
        "There's a problem with this state, even though it may appear correct. Please select a state from the list of "
        "valid states.: Billing State/Province",
    )
    bad_country = sf.call("POST", "/sobjects/Contact", json={"LastName": "C", "MailingCountry": "Atlantis"})
    assert error_of(bad_country)[2].endswith("valid countries.: Mailing Country")
    alone = sf.call("POST", "/sobjects/Account", json={"Name": "C", "BillingState": "California"})
    assert error_of(alone)[1] == "FIELD_INTEGRITY_EXCEPTION"
    conflicting = {"Name": "C", "BillingCountry": "Germany", "BillingCountryCode": "US"}
    assert error_of(sf.call("POST", "/sobjects/Account", json=conflicting))[1] == "FIELD_INTEGRITY_EXCEPTION"


def test_missing_permissions(sf, error_of):
    contact = sf.create("Contact", LastName="D", Email="a@b.example")
    sf.switch(hidden_fields=["contact.email"], read_only_objects=["Account"])
    fields = {f["name"]: f for f in sf.call("GET", "/sobjects/Contact/describe").json()["fields"]}
    assert "Email" not in fields
    assert "Email" not in sf.read("Contact", contact)
    assert "No such column 'Email'" in error_of(sf.query("SELECT Email FROM Contact"))[2]
    assert (
        error_of(sf.call("PATCH", f"/sobjects/Contact/{contact}", json={"Email": "x@y.example"}))[1] == "INVALID_FIELD"
    )
    account = sf.call("GET", "/sobjects/Account/describe").json()
    assert account["updateable"] is False
    assert not any(field["updateable"] for field in account["fields"])
    assert (
        error_of(sf.call("POST", "/sobjects/Account", json={"Name": "A"}))[1] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )
    other = sf.control("POST", "/salesforce/records/Account", {"fields": {"Name": "A"}})["Id"]
    for method in ("PATCH", "DELETE"):
        answer = sf.call(method, f"/sobjects/Account/{other}", json={"Name": "B"} if method == "PATCH" else None)
        assert error_of(answer)[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_person_accounts(sf, error_of):
    assert error_of(sf.query("SELECT IsPersonAccount FROM Account"))[1] == "INVALID_FIELD"
    sf.switch(person_accounts=True)
    person = sf.control(
        "POST",
        "/salesforce/records/Account",
        {"fields": {"Name": "Jane Doe", "IsPersonAccount": True, "PersonEmail": "jane@example.com"}},
    )["Id"]
    sf.create("Account", Name="Acme")
    assert sf.ids("SELECT Id FROM Account WHERE IsPersonAccount = true") == [person]
    shadow = sf.query("SELECT AccountId, Email FROM Contact WHERE IsPersonAccount = true").json()["records"]
    assert [(row["AccountId"], row["Email"]) for row in shadow] == [(person, "jane@example.com")]


def test_normalised_phones(sf):
    sf.switch(normalise_phones=True)
    account = sf.create("Account", Name="A", Phone="555.123.4567", Fax="+49 30 123")
    shown = sf.read("Account", account)
    assert (shown["Phone"], shown["Fax"]) == ("(555) 123-4567", "+49 30 123")
