"""Expressions, tables and filters in mapping files: what loads, what is refused where, and what values become."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, Translated, load_mapping
from airflow_provider_ipaas.mapping.rules import Collection

SHAPE = IPaaSShape()


def load(folder: Path, text: str, collection: Collection = "account") -> CollectionMapping:
    (folder / f"{collection}.yaml").write_text("version: 1\n" + text, "utf-8")
    return load_mapping(collection, folder, placement=SHAPE)


def field(folder: Path, rule: str, collection: Collection = "account") -> CollectionMapping:
    return load(folder, f"fields:\n  {rule}\n", collection)


SIDES = "salesforce: Rating, ipaas: department"
REFUSED: list[tuple[str, str, tuple[int, int], str, str]] = [
    ("function", "fields:\n  fax: {to_ipaas: uper(value)}", (3, 9), "'uper' is no function", "'upper'"),
    ("side effect", "fields:\n  fax: {to_ipaas: value.append(1)}", (3, 9), "only functions can be called", "Known are"),
    ("other field", "fields:\n  fax: {to_ipaas: Phone}", (3, 9), "'Phone' is not known in `to_ipaas`", "`value` alone"),
    (
        "wrong way",
        "fields:\n  fax: {direction: to_salesforce, to_ipaas: value}",
        (3, 35),
        "does not go that way",
        "direction",
    ),
    ("both", "fields:\n  fax: {to_ipaas: value, translate: {values: {a: b}}}", (3, 9), "not both", "one of them"),
    ("address", "fields:\n  billing_address: {to_ipaas: value}", (3, 21), "an address can't be converted", "Remove"),
    (
        "constant",
        "fields:\n  x: {constant: a, ipaas: department, max_length: 3}",
        (3, 39),
        "a constant can't be",
        "Remove",
    ),
    (
        "computed both",
        "fields:\n  x: {salesforce: {expression: Name}, ipaas: department, direction: both}",
        (3, 58),
        "can only go to_ipaas",
        "direction: to_ipaas",
    ),
    (
        "computed to an address",
        "fields:\n  x: {salesforce: {expression: Name}, ipaas: {address: primary_billing}}",
        (3, 20),
        "plain field",
        "custom field",
    ),
    (
        "computed misspelt",
        "fields:\n  x: {salesforce: {expression: Phne}, ipaas: department}",
        (3, 20),
        "'Phne' is no field",
        "'Phone'",
    ),
    (
        "computed of nothing",
        "fields:\n  x: {ipaas: {expression: nme}, salesforce: Site}",
        (3, 15),
        "no 'nme' that can be read",
        "'name'",
    ),
    (
        "table without values",
        f"fields:\n  x: {{{SIDES}, translate: {{}}}}",
        (3, 46),
        "either `values` or `file`",
        "values",
    ),
    (
        "empty table",
        f"fields:\n  x: {{{SIDES}, translate: {{values: {{}}}}}}",
        (3, 46),
        "the table is empty",
        "another",
    ),
    (
        "number in a table",
        f"fields:\n  x: {{{SIDES}, translate: {{values: {{Hot: 1}}}}}}",
        (3, 67),
        "read as 1",
        "quotes",
    ),
    (
        "default alone",
        f"fields:\n  x: {{{SIDES}, translate: {{values: {{a: b}}, default: {{ipaas: c}}}}}}",
        (3, 46),
        "go together",
        "unmapped: default",
    ),
    (
        "table key",
        f"fields:\n  x: {{{SIDES}, translate: {{value: {{a: b}}}}}}",
        (3, 58),
        "'value' is not known",
        "'values'",
    ),
    (
        "file in a folder",
        f"fields:\n  x: {{{SIDES}, translate: {{file: ../x.csv}}}}",
        (3, 58),
        "no name of such a file",
        "beside",
    ),
    ("length", "fields:\n  fax: {max_length: 0}", (3, 9), "'max_length' is 0", "131072"),
    (
        "cut number",
        "fields:\n  fax: {type: number, max_length: 3, too_long: truncate}",
        (3, 38),
        "a cut number",
        "refuse",
    ),
    ("cut to nothing known", "fields:\n  fax: {too_long: truncate}", (3, 9), "needs a length", "max_length"),
    ("filter field", "filters: {to_ipaas: Phne}", (2, 11), "'Phne' is no field", "'Phone'"),
    (
        "filter of the other side",
        "filters: {to_salesforce: Phone}",
        (2, 11),
        "no 'Phone' that can be read",
        "custom['Name']",
    ),
    ("filter syntax", "filters: {to_ipaas: Phone ==}", (2, 11), "can't be read", "missing"),
    ("filter direction", "filters: {to_ipass: Phone}", (2, 11), "'to_ipass' is not known", "'to_ipaas'"),
    ("error filter alone", "error_filters: {to_ipaas: [{when: Phone}]}", (2, 28), "'message' is missing", "`message`"),
    (
        "error filter key",
        "error_filters: {to_ipaas: [{when: Phone, text: x, message: y}]}",
        (2, 42),
        "'text' is not known",
        "Known are",
    ),
    (
        "error filter",
        "error_filters: {to_ipaas: [{when: now(), message: y}]}",
        (2, 29),
        "'now' is no function",
        "Known are",
    ),
    ("error filter, no list", "error_filters: {to_ipaas: x}", (2, 17), "must be a list", "- when"),
    (
        "accents",
        "fields:\n  x: {salesforce: Größe__c, ipaas: department}",
        (3, 7),
        "'Größe__c' is no API name",
        "API name",
    ),
]


@pytest.mark.parametrize(
    ("text", "place", "what", "mend"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_mistake_names_its_place_and_mend(
    tmp_path: Path, text: str, place: tuple[int, int], what: str, mend: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text + "\n")
    assert f"account.yaml, line {place[0]}, column {place[1]}: " in caught.value.message
    assert what in caught.value.message
    assert mend in caught.value.next_step


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("a,b\n", "line 1, column 1", "`salesforce,ipaas`"),
        ("salesforce,ipaas\na\n", "line 2, column 1", "two values"),
        ("salesforce,ipaas\na,\n", "line 2, column 1", "two values"),
        ("salesforce,ipaas\na,b\nc,d\na,e\n", "line 4, column 1", "'a' of Salesforce is there twice"),
        ('salesforce,ipaas\n"a,b\n', "line 2, column 1", "CSV"),
    ],
)
def test_a_mistake_in_a_csv_file_names_its_line(tmp_path: Path, content: str, place: str, what: str) -> None:
    (tmp_path / "t.csv").write_text(content, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        field(tmp_path, f"x: {{{SIDES}, translate: {{file: t.csv}}}}")
    assert f"t.csv, {place}" in caught.value.message
    assert what in caught.value.message


def test_a_csv_file_that_is_missing_or_huge(tmp_path: Path) -> None:
    rule = f"x: {{{SIDES}, translate: {{file: t.csv}}}}"
    with pytest.raises(ConfigurationError, match=r"t.csv: it can't be read"):
        field(tmp_path, rule)
    (tmp_path / "t.csv").write_bytes(b"x" * 1_000_001)
    with pytest.raises(ConfigurationError, match=r"t.csv: it has 1000001 bytes"):
        field(tmp_path, rule)


def test_the_fingerprint_follows_expressions_tables_csv_files_and_filters(tmp_path: Path) -> None:
    seen = {load_mapping("account", placement=SHAPE).fingerprint}
    for text in (
        "fields: {fax: {to_ipaas: upper(value)}}",
        "fields: {fax: {to_ipaas: lower(value)}}",
        "fields: {fax: {translate: {values: {a: b}}}}",
        "fields: {fax: {translate: {values: {a: c}}}}",
        "fields: {fax: {on_error: skip_field}}",
        "filters: {to_ipaas: Phone}",
        "error_filters: {to_ipaas: [{when: Phone, message: x}]}",
    ):
        seen.add(load(tmp_path, text + "\n").fingerprint)
    for rows in ("a,b\n", "a,c\n"):
        (tmp_path / "t.csv").write_text("salesforce,ipaas\n" + rows)
        seen.add(load(tmp_path, "fields: {fax: {translate: {file: t.csv}}}\n").fingerprint)
    # A table in a CSV file is the table, wherever it stands: b and c are there already.
    assert len(seen) == 8


def test_what_filters_and_expressions_read_is_read(tmp_path: Path) -> None:
    text = (
        'fields: {x: {salesforce: {expression: "Owner.Name ~ Sic"}, ipaas: department}}\n'
        "filters: {to_ipaas: RecordType.DeveloperName == 'A', to_salesforce: custom.Seg == 'x'}\n"
    )
    mapping = load(tmp_path, text)
    assert {"Owner.Name", "Sic", "RecordType.DeveloperName"} <= set(mapping.salesforce_fields)
    assert "custom_fields" in mapping.ipaas_parts
    assert mapping.show_salesforce({"Owner": {"Name": "Ann"}, "Sic": "7"})["x"] == "Ann7"
    assert mapping.rule("x").direction == "to_ipaas"


POLICIES = [
    ("refuse", Translated(None, problem="the translation table does not hold its value")),
    ("refuse, on_error: skip_field", Translated(None, ("mapping_error",))),
    ("keep", Translated("Warm")),
    ("skip", Translated(None, ("value_not_translated",))),
    ("default", Translated("Other")),
]


@pytest.mark.parametrize(("policy", "result"), POLICIES, ids=[name for name, _ in POLICIES])
def test_a_value_that_the_table_does_not_hold(tmp_path: Path, policy: str, result: Translated) -> None:
    unmapped, _, more = policy.partition(", ")
    default = ", default: {ipaas: Other}" if unmapped == "default" else ""
    rest = f", {more}" if more else ""
    mapping = field(tmp_path, f"x: {{{SIDES}, translate: {{values: {{Hot: H}}, unmapped: {unmapped}{default}}}{rest}}}")
    assert mapping.to_ipaas("x", "Warm") == result
    assert mapping.to_ipaas("x", "Hot") == Translated("H")
    assert mapping.to_salesforce("x", "H") == Translated("Hot")
    assert mapping.to_ipaas("x", None) == Translated(None)


def test_a_text_that_is_too_long(tmp_path: Path) -> None:
    assert field(tmp_path, "fax: {max_length: 3}").to_ipaas("fax", "1234").problem.startswith("the text is longer")
    mapping = field(tmp_path, "fax: {max_length: 3, too_long: truncate}")
    assert mapping.to_ipaas("fax", "12 4") == Translated("12", ("value_truncated",))
    assert mapping.to_salesforce("fax", "123") == Translated("123")
    assert mapping.agree("fax", "12345", "123")


def test_both_sides_agree_where_either_way_says_so(tmp_path: Path) -> None:
    mapping = field(
        tmp_path, "phone: {to_ipaas: \"phone_e164(value, 'US')\", to_salesforce: \"phone_national(value, 'US')\"}"
    )
    assert mapping.agree("phone", "512-555-0100", "+15125550100")
    assert mapping.agree("phone", "(512) 555-0100", "512 555 0100")
    assert not mapping.agree("phone", "512-555-0100", "+15125550111")
    assert not mapping.agree("phone", "none", "+15125550111")
    assert not mapping.agree("phone", None, "+15125550111")


def test_numbers_and_checkboxes_after_an_expression(tmp_path: Path) -> None:
    mapping = field(
        tmp_path,
        "n: {salesforce: NumberOfEmployees, ipaas: department, type: number, to_salesforce: number(value) * 10, direction: to_salesforce}",
    )
    assert mapping.to_salesforce("n", "1.5") == Translated("15")
    assert mapping.salesforce_body({"n": "1.5"}) == {"NumberOfEmployees": 15}
    assert mapping.to_salesforce("n", "x").problem == "the text is no number"


def test_an_expression_that_gives_a_list_or_nothing(tmp_path: Path) -> None:
    assert "gives a list" in field(tmp_path, "fax: {to_ipaas: picklist(value)}").to_ipaas("fax", "a;b").problem
    nothing = field(tmp_path, "fax: {to_ipaas: \"value if value == 'x'\", blank: clear}")
    assert nothing.to_ipaas("fax", "y") == Translated(None)
    assert "fax_number" not in nothing.ipaas_update_body({"fax_number": ""}, {"fax": "y"}, source={}).sent


WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda t: t == t.strip() and t.strip() == t
)


@given(
    st.dictionaries(WORDS, WORDS, min_size=1, max_size=8).filter(lambda table: len(set(table.values())) == len(table))
)
def test_a_table_without_doubles_is_the_identity_there_and_back(table: dict[str, str]) -> None:
    from airflow_provider_ipaas.mapping.tables import Table

    made = Table(tuple(table.items()))
    assert [made.to_salesforce(made.to_ipaas(value) or "") for value in table] == list(table)
    assert [made.to_ipaas(made.to_salesforce(value) or "") for value in table.values()] == list(table.values())
