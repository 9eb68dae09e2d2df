"""Mapping files: the defaults, overlays, files from scratch, and every error with its place and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.mapping.model import validate_document
from airflow_provider_ipaas.mapping.rules import Collection
from airflow_provider_ipaas.mapping.source import parse_document

SHAPE = IPaaSShape()


def load(
    folder: Path, text: str | bytes, collection: Collection = "account", *, default_mappings: bool = True
) -> CollectionMapping:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / f"{collection}.yaml").write_bytes(content)
    return load_mapping(collection, folder, default_mappings=default_mappings, placement=SHAPE)


def fields(lines: str) -> str:
    return "version: 1\nfields:\n" + "".join(f"  {line}\n" for line in lines.splitlines())


def test_default_account_mapping() -> None:
    mapping = load_mapping("account", placement=SHAPE)
    assert (mapping.sobject, mapping.kind, mapping.collection) == ("Account", "company", "account")
    assert [(rule.key, rule.kind, rule.salesforce, rule.ipaas, rule.direction) for rule in mapping.fields] == [
        ("name", "text", "Name", "name", "both"),
        ("account_number", "text", "AccountNumber", "account_number", "both"),
        ("phone", "text", "Phone", "phone_number", "both"),
        ("fax", "text", "Fax", "fax_number", "both"),
        ("website", "text", "Website", "url", "both"),
        ("description", "text", "Description", "description", "both"),
        ("billing_address", "address", "Billing", "primary_billing", "both"),
        ("shipping_address", "address", "Shipping", "primary_shipping", "both"),
    ]
    assert {(rule.blank, rule.conflict, rule.on_create_only) for rule in mapping.fields} == {
        ("keep", "salesforce_wins", False)
    }
    assert mapping.ipaas_parts == {"addresses"}
    assert mapping.salesforce_fields == mapping.salesforce_writable_fields
    assert "BillingPostalCode" in mapping.salesforce_fields
    assert len(mapping.salesforce_fields) == 16


def test_default_contact_mapping() -> None:
    mapping = load_mapping("contact", placement=SHAPE)
    assert (mapping.sobject, mapping.kind) == ("Contact", "customer")
    assert [(rule.key, rule.kind, rule.salesforce, rule.ipaas, rule.direction) for rule in mapping.fields] == [
        ("customer_number", "text", "Id", "customer_number", "to_ipaas"),
        ("first_name", "text", "FirstName", "first_name", "both"),
        ("last_name", "text", "LastName", "last_name", "both"),
        ("email", "text", "Email", "email_address", "both"),
        ("company", "text", "Account.Name", "company", "to_ipaas"),
        ("mailing_address", "address", "Mailing", "primary_shipping", "both"),
        ("phone", "phone_on_address", "Phone", "primary_shipping", "both"),
    ]
    assert [rule.key for rule in mapping.fields if rule.on_create_only] == ["customer_number"]
    assert mapping.rule("first_name").placeholder == "-"
    assert mapping.rule("email").value_type == "email"
    assert "Id" not in mapping.salesforce_fields
    assert set(mapping.salesforce_fields) - set(mapping.salesforce_writable_fields) == {"Account.Name"}
    with pytest.raises(KeyError):
        mapping.rule("comment")


def test_addresses_off_leaves_addresses_and_their_phone_out() -> None:
    mapping = load_mapping("contact", placement=IPaaSShape(addresses="off"))
    assert {rule.kind for rule in mapping.fields} == {"text"}
    assert mapping.ipaas_parts == frozenset()
    assert not [name for name in mapping.salesforce_fields if name.startswith("Mailing")]


def test_an_overlay_overrides_by_key_switches_off_and_adds(tmp_path: Path) -> None:
    text = fields(
        "phone: {conflict: park}\n"
        "fax: {enabled: false}\n"
        "description: {blank: clear, direction: to_ipaas}\n"
        "languages: {salesforce: Languages__c, ipaas: {custom_field: Languages__c}}\n"
        "source: {constant: Salesforce, ipaas: department}\n"
        "active: {salesforce: Active__c, ipaas: {custom_field: Active}, type: boolean, conflict: ipaas_wins}"
    )
    mapping = load(tmp_path, text)
    phone = mapping.rule("phone")
    assert (phone.conflict, phone.salesforce, phone.ipaas) == ("park", "Phone", "phone_number")
    assert (phone.file, phone.line) == (str(tmp_path / "account.yaml"), 3)
    assert mapping.rule("name").file == "the default account mapping"
    assert "fax" not in {rule.key for rule in mapping.fields}
    description = mapping.rule("description")
    assert (description.blank, description.writes_ipaas, description.writes_salesforce) == ("clear", True, False)
    languages = mapping.rule("languages")
    assert (languages.kind, languages.ipaas_custom, languages.ipaas) == ("custom", True, "Languages__c")
    source = mapping.rule("source")
    assert (source.kind, source.direction, source.constant) == ("constant", "to_ipaas", "Salesforce")
    assert mapping.rule("active").value_type == "boolean"
    assert mapping.ipaas_parts == {"addresses", "custom_fields"}


def test_one_line_turns_the_comment_of_a_customer_on(tmp_path: Path) -> None:
    rule = load(tmp_path, fields("comment: {enabled: true}"), "contact").rule("comment")
    assert (rule.salesforce, rule.ipaas, rule.direction) == ("Description", "comment", "both")


def test_newest_wins_is_there_for_contacts(tmp_path: Path) -> None:
    assert load(tmp_path, fields("phone: {conflict: newest_wins}"), "contact").rule("phone").conflict == "newest_wins"


def test_a_placeholder_can_be_changed_or_dropped(tmp_path: Path) -> None:
    assert load(tmp_path, fields("first_name: {placeholder: n/a}"), "contact").rule("first_name").placeholder == "n/a"
    assert load(tmp_path, fields("first_name: {placeholder: null}"), "contact").rule("first_name").placeholder is None


def test_a_default_can_become_a_constant(tmp_path: Path) -> None:
    rule = load(tmp_path, fields("description: {constant: from CRM, salesforce: null}")).rule("description")
    assert (rule.kind, rule.salesforce, rule.ipaas, rule.constant) == ("constant", None, "description", "from CRM")


def test_a_name_may_go_one_way_and_the_other_on_create(tmp_path: Path) -> None:
    text = "name: {direction: to_ipaas}\nnew_name: {salesforce: Name, ipaas: name, direction: to_salesforce, on_create_only: true}"
    mapping = load(tmp_path, fields(text))
    assert mapping.rule("new_name").on_create_only


def test_from_scratch(tmp_path: Path) -> None:
    mapping = load(tmp_path, fields("title: {salesforce: Name, ipaas: name}"), default_mappings=False)
    assert [rule.key for rule in mapping.fields] == ["title"]
    assert mapping.salesforce_fields == ("Name",)


def test_a_date_is_text(tmp_path: Path) -> None:
    assert load(tmp_path, fields("x: {constant: 2026-01-01, ipaas: department}")).rule("x").constant == "2026-01-01"


def test_one_way_from_scratch_needs_only_that_way(tmp_path: Path) -> None:
    text = "last: {salesforce: LastName, ipaas: last_name, direction: to_salesforce}"
    assert load(tmp_path, fields(text), "contact", default_mappings=False).fields


def test_a_byte_order_mark_and_a_directory_with_the_other_collection_only_do_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbfversion: 1\n").fields
    assert load_mapping("contact", tmp_path, placement=SHAPE) == load_mapping("contact", placement=SHAPE)


def test_the_fingerprint_follows_what_has_an_effect_only(tmp_path: Path) -> None:
    default = load_mapping("account", placement=SHAPE).fingerprint
    assert load(tmp_path, "# a comment\n\nversion: 1\nfields: {name: {}}\n").fingerprint == default
    assert load(tmp_path, fields("name: {conflict: salesforce_wins}")).fingerprint == default
    changed = {
        default,
        load(tmp_path, fields("name: {conflict: park}")).fingerprint,
        load(tmp_path, fields("fax: {enabled: false}")).fingerprint,
        load_mapping("account", placement=IPaaSShape(default_country="US")).fingerprint,
        load_mapping("contact", placement=SHAPE).fingerprint,
    }
    assert len(changed) == 5


X = "{custom_field: X}"
REFUSED: list[tuple[str, Collection, str, tuple[int, int], str, str]] = [
    ("tab", "account", "version: 1\nfields:\n\tname: {}\n", (3, 1), r"'\t'", "Indent with spaces"),
    ("unclosed", "account", "version: 1\nfields:\n  x: {salesforce: Name", (3, 23), "expected ','", "Mend the YAML"),
    ("indentation", "account", "version: 1\n  fields: {}\n", (2, 9), "mapping values", "Mend the YAML"),
    ("two documents", "account", "version: 1\n---\nversion: 1\n", (2, 1), "another document", "one document"),
    ("control character", "account", "version: 1\nfields: \x01", (2, 9), "a character", "control character"),
    ("a list", "account", "- version: 1\n", (1, 1), "must hold keys and values", "`key: value`"),
    ("a tag", "account", "version: !!python/name:os.x 1\n", (1, 10), "the tag", "plain value"),
    ("an escape of no character", "account", 'version: "\\UAAAAAAAA"\n', (1, 13), "does not exist", "escape"),
    ("an escape just beyond", "account", 'version: "\\U00110000"\n', (1, 13), "does not exist", "escape"),
    ("a number that takes minutes", "account", "version: 1" + ":59" * 300_000, (1, 10), "can't be read", "quotes"),
    ("a tag that lies", "account", "version: !!int abc\n", (1, 10), "can't be read", "quotes"),
    ("no version", "account", "fields: {}\n", (1, 1), "'version' is missing", "version: 1"),
    ("empty", "account", "", (1, 1), "'version' is missing", "version: 1"),
    ("other version", "account", "version: 2\n", (1, 1), "version 2", "`version: 1`"),
    ("a key twice", "account", fields("fax: {}\nfax: {}"), (4, 3), "'fax' is there twice", "the first is in line 3"),
    ("a key that is a list", "account", "version: 1\n[a]: b\n", (2, 1), "a key must be", "key: value"),
    ("an alias", "account", fields("fax: &x {}\nphone: *x"), (3, 8), "anchors and aliases", "Write the value out"),
    ("nesting", "account", "version: 1\nfields: " + "[" * 5000, (2, 29), "nested too deeply", "four levels"),
    ("top-level key", "account", "version: 1\nfield: {}\n", (2, 1), "'field' is not known", "'fields'"),
    ("field key", "account", fields("fax: {blanc: keep}"), (3, 9), "'blanc' is not known", "'blank'"),
    ("end key", "account", fields("x: {salesforce: A__c, ipaas: {custom: X}}"), (3, 33), "'custom'", "'custom_field'"),
    ("a word for another", "account", fields("fax: {formula: x}"), (3, 9), "'formula' is not known", "to_ipaas"),
    ("a lookup", "account", fields("fax: {lookup: x}"), (3, 9), "'lookup' is not known", "translate"),
    ("filter for filters", "account", "version: 1\nfilter: x\n", (2, 1), "'filter' is not known", "filters: {to_ipaas"),
    ("filters as a list", "account", "version: 1\nfilters: []\n", (2, 1), "must hold keys", "`key: value`"),
    ("wrong enum", "account", fields("fax: {conflict: newest}"), (3, 9), "'newest'", "'newest_wins'"),
    ("wrong enum, far off", "account", fields("fax: {blank: zzz}"), (3, 9), "'zzz'", "Known are: keep, clear"),
    ("quoted boolean", "account", fields("fax: {enabled: 'no'}"), (3, 9), "'no'", "without quotes"),
    ("unquoted word", "account", fields("x: {constant: no, ipaas: department}"), (3, 7), "read as False", "quotes"),
    ("a number for a side", "account", fields("x: {salesforce: 5}"), (3, 7), "read as 5", "quotes"),
    ("a list for text", "account", fields("x: {constant: [a]}"), (3, 7), "must be text", "one word"),
    ("a word for a field", "account", fields("fax: Fax"), (3, 3), "must hold keys", "`key: value`"),
    ("a number for a field", "account", fields("fax: 5"), (3, 3), "must hold keys", "`key: value`"),
    ("two ends in one", "account", fields("fax: {ipaas: {field: a, address: primary_billing}}"), (3, 9), "exactly one", "`{field: word}`"),
    ("misspelt default", "account", fields("descripton: {enabled: false}"), (3, 3), "names no salesforce side", "'description'"),
    ("no other side", "account", fields("x: {salesforce: A__c}"), (3, 3), "no ipaas side", "`x: {salesforce: ..., ipaas: ...}`"),
    ("bad key", "account", fields("'1 x': {salesforce: A__c, ipaas: department}"), (3, 3), "is no key", "letters"),
    ("unknown built-in", "account", fields("x: {salesforce: A__c, ipaas: departmnt}"), (3, 25), "no built-in field 'departmnt'", "'department'"),
    ("phone of a customer", "contact", fields("x: {salesforce: Phone, ipaas: phone_number}"), (3, 26), "no built-in field", "phone_of"),
    ("server field", "account", fields("x: {salesforce: A__c, ipaas: id}"), (3, 25), "can't be mapped", "gives the id itself"),
    ("nested array", "account", fields("x: {salesforce: A__c, ipaas: addresses}"), (3, 25), "can't be mapped", "purpose"),
    ("address purpose", "account", fields("x: {salesforce: {address: Billing}, ipaas: {address: billing}}"), (3, 47), "'billing'", "'primary_billing'"),
    ("address prefix", "contact", fields("x: {salesforce: {address: Mailng}, ipaas: {address: primary_billing}}"), (3, 20), "'Mailng'", "'Mailing'"),
    ("half an address", "account", fields("x: {salesforce: {address: Billing}, ipaas: department}"), (3, 3), "on one side only", "both sides"),
    ("compound field", "account", fields("x: {salesforce: BillingAddress, ipaas: department}"), (3, 7), "compound", "{address: Billing}"),
    ("API name", "account", fields("x: {salesforce: 'A b', ipaas: department}"), (3, 7), "no API name", "API name"),
    ("misspelt standard field", "account", fields("x: {salesforce: website, ipaas: department}"), (3, 7), "'website'", "'Website'"),
    ("parent both ways", "account", fields("x: {salesforce: Owner.Name, ipaas: department}"), (3, 7), "only read", "direction: to_ipaas"),
    ("system field", "account", fields("x: {salesforce: CreatedDate, ipaas: department}"), (3, 7), "'CreatedDate'", "direction: to_ipaas"),
    ("read-only name", "contact", fields("x: {salesforce: Name, ipaas: comment}"), (3, 7), "'Name'", "direction: to_ipaas"),
    ("constant into the Id", "contact", fields("x: {salesforce: Id, constant: y}"), (3, 7), "'Id'", "direction"),
    ("constant, both sides", "account", fields("fax: {constant: x}"), (3, 9), "exactly one side", "salesforce: null"),
    ("constant, wrong way", "account", fields("x: {constant: y, ipaas: department, direction: to_salesforce}"), (3, 39), "to_ipaas", "direction: to_ipaas"),
    ("constant address", "account", fields("x: {constant: y, ipaas: {address: primary_billing}}"), (3, 7), "can't be an address", "plain field"),
    ("blank constant", "account", fields("x: {constant: ' ', ipaas: department}"), (3, 7), "blank", "value"),
    ("newest_wins on companies", "account", fields("fax: {conflict: newest_wins}"), (3, 9), "no time stamp", "park"),
    ("clearing a custom field", "account", fields(f"x: {{salesforce: A__c, ipaas: {X}, blank: clear}}"), (3, 51), "can't be cleared", "blank: keep"),
    ("clearing a required field", "account", fields("name: {blank: clear}"), (3, 10), "can't be cleared", "blank: keep"),
    ("placeholder elsewhere", "account", fields("billing_address: {placeholder: x}"), (3, 21), "no use", "Remove"),
    ("unsendable placeholder", "contact", fields(r'first_name: {placeholder: "\0"}'), (3, 16), "can't be sent", "plain text"),
    ("typed address", "account", fields("billing_address: {type: number}"), (3, 21), "always text", "Remove"),
    ("custom name", "account", fields("x: {salesforce: A__c, ipaas: {custom_field: ' X '}}"), (3, 33), "no name", "Data Management"),
    ("same iPaaS.com target", "account", fields("x: {salesforce: A__c, ipaas: name}"), (3, 3), "so does 'name' (the default account mapping, line 4)", "name: {enabled: false}"),
    ("same Salesforce target", "account", fields("x: {salesforce: BillingCity, ipaas: department}"), (3, 3), "'BillingCity' of Salesforce", "billing_address: {enabled: false}"),
    ("same custom field", "account", fields(f"x: {{salesforce: A__c, ipaas: {X}}}\ny: {{salesforce: B__c, ipaas: {X}}}"), (4, 3), "so does 'x'", "direction"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("collection", "text", "place", "what", "mend"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_errors_name_place_and_mend(
    tmp_path: Path, collection: Collection, text: str, place: tuple[int, int], what: str, mend: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text, collection)
    error = caught.value
    prefix = f"{tmp_path / collection}.yaml, line {place[0]}, column {place[1]}: "
    assert error.message.startswith(prefix)
    assert what in error.message
    assert mend in error.next_step


def test_all_problems_of_a_file_are_listed_at_once_in_order(tmp_path: Path) -> None:
    text = fields(
        "fax: {conflict: newest_wins}\nphone: {type: email, placeholder: x}\nx: {salesforce: A__c, ipaas: nam}"
    )
    with pytest.raises(ConfigurationError, match=r"(?s)line 3.*line 5.*Mend the 2 problems") as caught:
        load(tmp_path, text)
    assert "Did you mean 'name'?" in caught.value.message


def test_a_long_list_of_problems_is_cut(tmp_path: Path) -> None:
    text = fields("\n".join(f"x{number}: {{}}" for number in range(30)))
    with pytest.raises(ConfigurationError, match=r"and 10 more.*Mend the 30 problems") as caught:
        load(tmp_path, text)
    assert caught.value.message.count("\n") == 20


@pytest.mark.parametrize(
    ("collection", "text", "required"),
    [
        ("account", "x: {salesforce: Fax, ipaas: fax_number, direction: to_ipaas}", ["iPaaS.com requires a name"]),
        ("account", "x: {salesforce: Fax, ipaas: fax_number, direction: to_salesforce}", ["Salesforce requires Name"]),
        (
            "contact",
            "x: {salesforce: FirstName, ipaas: first_name}",
            ["an e-mail address", "a last name", "Salesforce requires LastName"],
        ),
        ("account", "x: {salesforce: Name, ipaas: name, enabled: false}", ["no field is mapped"]),
    ],
)
def test_what_a_new_record_needs_must_be_mapped(
    tmp_path: Path, collection: Collection, text: str, required: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, fields(text), collection, default_mappings=False)
    assert all(reason in caught.value.message for reason in required)


def test_switching_a_required_default_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"iPaaS\.com requires an e-mail address"):
        load(tmp_path, fields("email: {enabled: false}"), "contact")


def test_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere: the mapping directory does not exist"):
        load_mapping("account", tmp_path / "nowhere", placement=SHAPE)


def test_a_directory_without_any_mapping_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no account.yaml or contact.yaml"):
        load_mapping("account", str(tmp_path), placement=SHAPE)


@pytest.mark.parametrize("name", ["account.yml", "Accounts.yaml"])
def test_a_misnamed_file_is_not_overlooked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version: 1\n")
    with pytest.raises(ConfigurationError, match=r"a file of this name is not read.*Rename it to account.yaml"):
        load_mapping("account", tmp_path, placement=SHAPE)


def test_from_scratch_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no mapping_dir"):
        load_mapping("account", default_mappings=False, placement=SHAPE)
    with pytest.raises(ConfigurationError, match="the file does not exist and default_mappings is off"):
        load_mapping("account", tmp_path, default_mappings=False, placement=SHAPE)


def test_a_file_that_is_not_utf8_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 2, column 3: it is not UTF-8 text"):
        load(tmp_path, b"version: 1\n# \xe4\n")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"it has 1000001 bytes"):
        load(tmp_path, b"#" * 1_000_001)


def test_a_directory_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "account.yaml").mkdir()
    with pytest.raises(ConfigurationError, match=r"account.yaml: it can't be read"):
        load_mapping("account", tmp_path, placement=SHAPE)


WORDS = (
    "version fields 1 salesforce ipaas custom_field address Name name null true : { } [ ] - &a *a !! !!int ? << ' | #"
)
pieces = st.sampled_from([*WORDS.split(), ": ", ", ", "- ", '"', "\n", "\n  ", "\t"])
files = st.text(max_size=40) | st.lists(pieces, max_size=25).map(lambda some: "version: 1\nfields:\n  " + "".join(some))


def version_or_refusal(text: str) -> int | ConfigurationError:
    try:
        return validate_document(parse_document(text, "some.yaml")).version
    except ConfigurationError as error:
        return error


@settings(max_examples=300)
@given(files)
@example("version: !!int")
@example("version: !!bool maybe")
def test_whatever_a_file_says_it_loads_or_is_refused_with_its_place(text: str) -> None:
    answer = version_or_refusal(text)
    if isinstance(answer, ConfigurationError):
        assert answer.message.startswith("some.yaml, line ")
        assert answer.next_step
    else:
        assert answer == 1


def test_mappings_compare_by_value() -> None:
    assert load_mapping("account", placement=SHAPE) == load_mapping("account", placement=IPaaSShape())
