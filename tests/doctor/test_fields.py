"""The mapping held against the org: objects, permissions, fields, picklists, the external-id field, duplicate rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.doctor import one_way
from airflow_provider_ipaas.sandbox import credentials as known
from tests.doctor.conftest import Doctor

LATER = ("salesforce.permissions", "salesforce.fields", "salesforce.picklists", "salesforce.external_id")


def mapped(doctor: Doctor, folder: Path, **files: str) -> None:
    """Lay files over the default mappings."""
    for collection in ("account", "contact"):
        (folder / f"{collection}.yaml").write_text(f"version: 1\nfields:\n{files.get(collection, '  {}')}\n", "utf-8")
    doctor.mapping_dir = folder


# Objects and permissions


@pytest.mark.parametrize("sobject", ["Account", "Contact"])
def test_an_object_that_the_user_does_not_see_is_an_error(doctor: Doctor, sobject: str) -> None:
    doctor.sandbox.faults.add(
        {
            "service": "salesforce",
            "path": f"/sobjects/{sobject}/describe",
            "action": {
                "type": "status",
                "status": 404,
                "body": [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}],
            },
        }
    )
    result = doctor.examine()
    finding = result.one("salesforce.objects", sobject)
    assert finding.status == "error"
    assert f"read access to {sobject}" in finding.next_step
    assert set(LATER) <= set(result.left_out["salesforce.objects"])


def test_a_read_only_object_is_one_error_and_not_one_for_each_field(doctor: Doctor) -> None:
    doctor.switch("salesforce", read_only_objects=["Account"])
    result = doctor.examine()
    finding = result.one("salesforce.permissions", "Account")
    assert finding.status == "error"
    assert "may not create or edit it" in finding.message
    assert 'direction="to_ipaas"' in finding.next_step
    assert result.one("salesforce.permissions", "Contact").status == "ok"
    assert [it.check for it in result.diagnosis.errors] == ["salesforce.permissions"]


def test_an_object_that_is_not_written_needs_no_right_to_write(doctor: Doctor, tmp_path: Path) -> None:
    keys = ("name", "account_number", "phone", "fax", "website", "description", "billing_address", "shipping_address")
    mapped(doctor, tmp_path, account="\n".join(f"  {key}: {{direction: to_ipaas}}" for key in keys))
    doctor.switch("salesforce", read_only_objects=["Account"])
    result = doctor.examine()
    assert result.diagnosis.errors == ()
    assert "reading is all that is needed" in result.one("salesforce.permissions", "Account").message


def test_a_one_way_dag_needs_no_right_to_write_what_it_only_reads(doctor: Doctor) -> None:
    both = doctor.mappings()
    doctor.switch("salesforce", read_only_objects=["Account", "Contact"], external_id_field=False)
    doctor.patients["mappings"] = lambda: [one_way(mapping, "to_ipaas") for mapping in both]
    assert doctor.examine().bad == {}
    doctor.patients["mappings"] = lambda: [one_way(mapping, "to_salesforce") for mapping in both]
    assert [it.check for it in doctor.examine().diagnosis.errors] == ["salesforce.permissions"] * 2
    assert one_way(both[0], "both") is both[0]


# Fields


@pytest.mark.parametrize(
    ("hidden", "key"),
    [
        ("Contact.Email", "email"),
        ("Account.Fax", "fax"),
        ("Account.BillingPostalCode", "billing_address"),
        ("Contact.MailingStreet", "mailing_address"),
    ],
)
def test_a_mapped_field_that_is_hidden_is_named_with_its_key(doctor: Doctor, hidden: str, key: str) -> None:
    doctor.switch("salesforce", hidden_fields=[hidden])
    result = doctor.examine()
    finding = result.one("salesforce.fields", hidden)
    assert finding.status == "error"
    assert f"mapped as `{key}`" in finding.message
    assert f"`{key}: {{enabled: false}}` in {hidden.split('.')[0].lower()}.yaml" in finding.next_step
    assert [it.subject for it in result.diagnosis.errors] == [hidden]


def test_a_field_that_the_sync_itself_needs_is_named_too(doctor: Doctor) -> None:
    doctor.switch("salesforce", hidden_fields=["Contact.AccountId"])
    result = doctor.examine()
    finding = result.one("salesforce.fields", "Contact.AccountId")
    assert "needed by the sync itself" in finding.message
    assert "enabled: false" not in finding.next_step
    # Without the field, private Contacts can't be told from others.
    assert result.one("salesforce.private_contacts").message.startswith("Unknown")


def test_a_hidden_field_of_a_parent_is_found_along_its_path(doctor: Doctor) -> None:
    doctor.switch("salesforce", hidden_fields=["Account.Name"])
    subjects = {it.subject for it in doctor.examine().of("salesforce.fields") if it.status == "error"}
    assert subjects == {"Account.Name", "Contact.Account.Name"}


@pytest.mark.parametrize("path", ["Owner.Nickname", "Nobody.Name"])
def test_a_path_that_leads_nowhere_is_an_error(doctor: Doctor, tmp_path: Path, path: str) -> None:
    mapped(doctor, tmp_path, contact=f"  owner: {{salesforce: {path}, ipaas: comment, direction: to_ipaas}}")
    assert doctor.examine().one("salesforce.fields", f"Contact.{path}").status == "error"


def test_a_path_to_another_object_is_followed(doctor: Doctor, tmp_path: Path) -> None:
    mapped(doctor, tmp_path, contact="  owner: {salesforce: Owner.Email, ipaas: comment, direction: to_ipaas}")
    assert doctor.examine().bad == {}


def test_a_field_that_can_only_be_read_is_an_error_where_it_is_written(doctor: Doctor, tmp_path: Path) -> None:
    field = "  photo: {{salesforce: PhotoUrl2__c, ipaas: {{custom_field: Photo}}{}}}"
    mapped(doctor, tmp_path, account=field.format(""))
    assert doctor.examine().one("salesforce.fields", "Account.PhotoUrl2__c").status == "error"
    doctor.sandbox.faults.add(read_only_field("PhotoUrl2__c"))
    finding = doctor.examine().one("salesforce.fields", "Account.PhotoUrl2__c")
    assert finding.status == "error"
    assert "not created or edited" in finding.message
    mapped(doctor, tmp_path, account=field.format(", direction: to_ipaas"))
    assert doctor.examine().one("salesforce.fields", "Account").status == "ok"


def read_only_field(name: str) -> dict[str, object]:
    """Let describe of Account answer with one more field, as an org with a formula or an auto number does."""
    names = ("Name", "AccountNumber", "Phone", "Fax", "Website", "Description", "iPaaS_Id__c")
    parts = ("Street", "City", "State", "PostalCode", "Country")
    writable = [*names, *(f"{prefix}{part}" for prefix in ("Billing", "Shipping") for part in parts)]
    fields = [{"name": it, "type": "string", "createable": True, "updateable": True} for it in writable]
    fields.append({"name": name, "type": "string", "createable": False, "updateable": False})
    body = {"name": "Account", "queryable": True, "createable": True, "updateable": True, "fields": fields}
    action = {"type": "status", "status": 200, "body": body}
    return {"service": "salesforce", "path": "/sobjects/Account/describe", "action": action}


def test_the_good_news_counts_the_fields(doctor: Doctor) -> None:
    result = doctor.examine()
    assert "All 16 fields" in result.one("salesforce.fields", "Account").message
    assert "the 9 that it writes" in result.one("salesforce.fields", "Contact").message


# Picklists


def test_a_restricted_picklist_that_is_written_lists_its_values(doctor: Doctor, tmp_path: Path) -> None:
    mapped(doctor, tmp_path, account="  rating: {salesforce: Rating, ipaas: {custom_field: Rating}}")
    assert doctor.examine().one("salesforce.picklists").status == "ok"
    doctor.switch("salesforce", restricted_picklists=True)
    finding = doctor.examine().one("salesforce.picklists")
    assert (finding.status, finding.subject) == ("warning", "Account.Rating")
    assert "Hot, Warm, Cold" in finding.message


def test_a_restricted_picklist_that_is_only_read_is_fine(doctor: Doctor, tmp_path: Path) -> None:
    field = "  rating: {salesforce: Rating, ipaas: {custom_field: Rating}, direction: to_ipaas}"
    mapped(doctor, tmp_path, account=field)
    doctor.switch("salesforce", restricted_picklists=True)
    assert doctor.examine().bad == {}


def test_state_and_country_picklists_are_named_for_every_address_that_is_written(doctor: Doctor) -> None:
    doctor.switch("salesforce", state_country_picklists=True)
    result = doctor.examine()
    found = {it.subject for it in result.of("salesforce.picklists")}
    prefixes = ("Account.Billing", "Account.Shipping", "Contact.Mailing")
    assert found == {f"{prefix}{part}" for prefix in prefixes for part in ("State", "Country")}
    assert {it.status for it in result.of("salesforce.picklists")} == {"warning"}


# The external-id field


def test_without_the_external_id_field_there_is_a_warning_with_how_to_make_it(doctor: Doctor) -> None:
    doctor.switch("salesforce", external_id_field=False)
    result = doctor.examine()
    assert {it.subject for it in result.of("salesforce.external_id")} == {"Account.iPaaS_Id__c", "Contact.iPaaS_Id__c"}
    for finding in result.of("salesforce.external_id"):
        assert finding.status == "warning"
        assert "Text(64), External ID, Unique" in finding.next_step


def test_a_field_that_is_no_external_id_fails_every_create(doctor: Doctor) -> None:
    doctor.salesforce["external_id_field"] = "Phone"
    for finding in doctor.examine().of("salesforce.external_id"):
        assert finding.status == "error"
        assert "is no External ID" in finding.message


@pytest.mark.parametrize(
    ("facts", "status", "said"),
    [
        ({"unique": False}, "warning", "not unique"),
        ({"length": 20}, "warning", "only 20 characters long"),
        ({"createable": False}, "error", "can't be written"),
        ({}, "ok", "long enough"),
    ],
)
def test_the_external_id_field_has_to_be_unique_long_and_writable(
    doctor: Doctor, facts: dict[str, object], status: str, said: str
) -> None:
    rule = read_only_field("Other__c")
    good = {"externalId": True, "unique": True, "length": 64}
    (field,) = [it for it in rule["action"]["body"]["fields"] if it["name"] == "iPaaS_Id__c"]  # type: ignore[index]
    field.update({**good, **facts})
    doctor.sandbox.faults.add(rule)
    finding = doctor.examine().one("salesforce.external_id", "Account.iPaaS_Id__c")
    assert finding.status == status
    assert said in finding.message


# What the org does on its own


@pytest.mark.parametrize("mode", ["alert", "block"])
def test_active_duplicate_rules_are_named(doctor: Doctor, mode: str) -> None:
    doctor.switch("salesforce", duplicate_rule_contact=mode)
    result = doctor.examine()
    assert result.one("salesforce.duplicate_rules", "Account").status == "ok"
    finding = result.one("salesforce.duplicate_rules", "Contact")
    assert finding.status == "warning"
    assert "Standard Contact Duplicate Rule" in finding.message
    assert "possible_duplicate" in finding.message


def test_duplicate_rules_that_may_not_be_read_are_said_to_be_unknown(doctor: Doctor) -> None:
    doctor.switch("salesforce", hidden_fields=["DuplicateRule.IsActive"])
    finding = doctor.examine().one("salesforce.duplicate_rules")
    assert finding.status == "ok"
    assert finding.message.startswith("Unknown")
    assert "Setup" in finding.next_step


def test_private_contacts_are_judged_by_what_is_seen(doctor: Doctor) -> None:
    store = doctor.sandbox.salesforce
    check = "salesforce.private_contacts"
    finding = doctor.examine().one(check)
    assert (finding.status, "None seen" in finding.message) == ("ok", True)
    store.insert("Contact", {"LastName": "Own", "OwnerId": known.INTEGRATION_USER_ID})
    finding = doctor.examine().one(check)
    assert (finding.status, "View All" in finding.next_step) == ("warning", True)
    store.insert("Contact", {"LastName": "Theirs", "OwnerId": known.ADMIN_USER_ID})
    assert doctor.examine().one(check).status == "ok"


# What the mapping does with values


def test_a_table_is_held_against_the_picklist(doctor: Doctor, tmp_path: Path) -> None:
    rule = "  rating: {salesforce: Rating, ipaas: department, translate: {values: {Hot: H, Tepid: T}}}"
    mapped(doctor, tmp_path, account=rule)
    findings = doctor.examine().of("salesforce.picklists")
    texts = [(it.status, it.message) for it in findings if it.subject == "Account.Rating"]
    assert (
        "warning",
        "Values of the picklist have no translation and refuse their records (mapped as `rating`): Warm, Cold.",
    ) in texts
    rule = "  rating: {salesforce: Rating, ipaas: department, translate: {values: {Hot: H, Warm: W, Cold: C}}}"
    mapped(doctor, tmp_path, account=rule)
    assert doctor.examine().one("salesforce.picklists", "Account.Rating").status == "ok"


def test_a_length_that_the_field_does_not_have_is_said(doctor: Doctor, tmp_path: Path) -> None:
    mapped(doctor, tmp_path, account="  fax: {max_length: 100}")
    finding = doctor.examine().one("salesforce.fields", "Account.Fax")
    assert finding.status == "warning"
    assert finding.next_step == "Write `max_length: 40`."


def test_a_field_that_only_an_expression_reads_is_looked_for(doctor: Doctor, tmp_path: Path) -> None:
    mapped(doctor, tmp_path, account='  x: {salesforce: {expression: "Gone__c"}, ipaas: department}')
    finding = doctor.examine().one("salesforce.fields", "Account.Gone__c")
    assert finding.status == "error"
    assert "read by an expression" in finding.message


@pytest.mark.parametrize(
    ("field", "what", "mend"),
    [
        ("NumberOfEmployees", "a number", "`type: number`"),
        ("ParentId", "a reference", "`to_salesforce` expression"),
    ],
)
def test_text_for_a_field_of_another_type_is_a_warning(
    doctor: Doctor, tmp_path: Path, field: str, what: str, mend: str
) -> None:
    mapped(doctor, tmp_path, account=f"  extra: {{salesforce: {field}, ipaas: {{custom_field: Extra}}}}")
    (finding,) = (it for it in doctor.examine().of("salesforce.fields") if it.subject == f"Account.{field}")
    assert finding.status == "warning"
    assert f"It is {what}" in finding.message
    assert mend in finding.next_step


@pytest.mark.parametrize("more", ["type: number", "direction: to_ipaas"])
def test_a_mapping_that_knows_the_type_or_never_writes_it_is_no_matter(
    doctor: Doctor, tmp_path: Path, more: str
) -> None:
    rule = f"  staff: {{salesforce: NumberOfEmployees, ipaas: {{custom_field: Staff}}, {more}}}"
    mapped(doctor, tmp_path, account=rule)
    assert all(it.status == "ok" for it in doctor.examine().of("salesforce.fields"))
