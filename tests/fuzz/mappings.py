"""Mapping files: bytes, YAML of any structure, right files with something wrong in them, and what services show to a mapping."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from hypothesis import strategies as st

from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping

from .target import Target, typed
from .values import JSON, TEXTS, mutated

Collection = Literal["account", "contact"]
SHAPE = IPaaSShape()
COLLECTIONS: st.SearchStrategy[Collection] = st.sampled_from(["account", "contact"])
WORDS = [
    "version: 1",
    "fields:",
    "  phone: {conflict: park}",
    "  fax: {direction: to_ipaas}",
    "  languages: {salesforce: Languages__c, ipaas: {custom_field: Languages}}",
    "  x: {constant: y, ipaas: url}",
    "  name: {enabled: false}",
    "&a [*a, *a]",
    "<<: *a",
    "!!python/object/apply:os.system ['id']",
    "!include /etc/passwd",
    "? {a: b} : c",
    "- - - -",
    "\t",
    "---",
    "...",
    "%YAML 9.9",
    "!!binary aGk=",
    "!!timestamp 2001-99-99",
    "!!int 0b",
    "!!float .inf",
    "0o777",
    "1_000:60",
    "{{{{",
    "]",
    '"\\ud800"',
    '"\\UFFFFFFFF"',
    "'",
    "|+9",
    "\x85\u2028",
]
BOMBS = [
    b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (c, c, b"*%c," % (c - 1) * 9) for c in b"bcdefghij"),
    b"fields: " + b"[" * 200_000,
    b"fields: " + b"{a: " * 50_000,
    b"- " * 100_000,
    b"version: 1\n" + b"# filler\n" * 1_200_000,
    b"? " * 5_000,
    b"version: " + b"9" * 10_000,
    b"version: 0x" + b"f" * 900_000,
    b"version: 1" + b":59" * 300_000,
    b"version: 1\nfields:\n" + b"".join(b"  k%d: {salesforce: X%d__c}\n" % (n, n) for n in range(8_000)),
]


@cache
def defaults(collection: Collection) -> dict[str, Any]:
    """Return what the shipped mapping file of a collection says."""
    text = resources.files("airflow_provider_ipaas.mapping").joinpath(f"defaults/{collection}.yaml").read_text("utf-8")
    return dict(yaml.safe_load(text))


def load(collection: Collection, content: bytes, *, on_defaults: bool) -> CollectionMapping | None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{collection}.yaml").write_bytes(content)
        return typed(lambda: load_mapping(collection, folder, default_mappings=on_defaults, placement=SHAPE))


def check_file(drawn: tuple[Collection, bytes, bool]) -> None:
    collection, content, on_defaults = drawn
    mapping = load(collection, content, on_defaults=on_defaults)
    if mapping is not None:
        assert mapping.fields
        assert len(mapping.fingerprint) == 64
        assert all(name.isascii() for name in mapping.salesforce_fields)


def as_yaml(document: Any) -> bytes:
    """Write a document as YAML does, or as JSON where YAML has no way to (lone surrogates)."""
    try:
        return yaml.safe_dump(document, allow_unicode=True).encode("utf-8")
    except (UnicodeEncodeError, yaml.YAMLError):
        return json.dumps(document).encode()


@st.composite
def files(draw: st.DrawFn) -> tuple[Collection, bytes, bool]:
    collection = draw(COLLECTIONS)
    document = defaults(collection)
    few = {"version": 1, "fields": {key: document["fields"][key] for key in list(document["fields"])[:4]}}
    lines = st.lists(st.sampled_from(WORDS) | TEXTS, max_size=8).map("\n".join)
    content = draw(
        st.one_of(
            st.binary(max_size=200),
            lines.map(lambda text: text.encode("utf-8", "surrogatepass")),
            lines.map(lambda text: b"version: 1\nfields:\n" + text.encode("utf-16", "surrogatepass")),
            mutated(document, few).map(as_yaml),
            mutated(document, few).map(as_yaml),
            JSON.map(as_yaml),
        )
    )
    return collection, content, draw(st.booleans())


def check_bomb(drawn: tuple[Collection, bytes]) -> None:
    collection, content = drawn
    assert load(collection, content, on_defaults=True) is None, "a bomb was taken for a mapping"


# What services show to a mapping.

ADDRESS = {
    "id": 1,
    "first_name": "A",
    "address_1": "1 Main St",
    "city": "Austin",
    "region": "TX",
    "country": "US",
    "postal_code": "73301",
    "phone_number": "5",
    "is_primary_billing": True,
    "is_primary_shipping": False,
}
RECORDS = [
    {
        "Id": "0015g00000abcDEAAY",
        "Name": "Acme",
        "Phone": "1",
        "BillingStreet": "1 Main\r\nB",
        "BillingCity": "Austin",
        "Account": {"Name": "Acme"},
        "LastName": "Lee",
        "Email": "a@example.com",
        "MailingStreet": "1 Main St",
    },
    {
        "id": "7",
        "name": "Acme",
        "first_name": "-",
        "last_name": "Lee",
        "email_address": "a@example.com",
        "customer_number": "C-1",
        "addresses": [ADDRESS, {**ADDRESS, "id": 2, "is_primary_billing": False, "is_primary_shipping": True}],
        "custom_fields": [{"custom_field_name": "Languages", "value": "German"}],
    },
]


@cache
def mapping_of(collection: Collection) -> CollectionMapping:
    return load_mapping(collection, placement=SHAPE)


def check_record(drawn: tuple[Collection, Any]) -> None:
    """Show a record of either service, hold it against itself, and write it to the other."""
    collection, record = drawn
    mapping = mapping_of(collection)
    here, there = mapping.show_salesforce(record), mapping.show_ipaas(record)
    assert all(mapping.same(key, value, value) for key, value in here.items())
    for key in here:
        mapping.agree(key, here[key], there[key])
        mapping.to_ipaas(key, here[key])
        mapping.to_salesforce(key, there[key])
    mapping.salesforce_body(there)
    mapping.ipaas_create_body(here)
    mapping.ipaas_update_body(record, here, source=here)


TARGETS = [
    Target("mapping-files", files(), check_file, short=100, share=3),
    Target("mapping-bombs", st.tuples(COLLECTIONS, st.sampled_from(BOMBS)), check_bomb, short=12),
    Target(
        "mapping-records",
        st.tuples(COLLECTIONS, mutated(*RECORDS).filter(lambda record: isinstance(record, dict))),
        check_record,
    ),
]
