"""Answers as the service may send them, down to the odd ones."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.clients.ipaas.answers import (
    NotAnAnswer,
    read_lookup,
    read_record,
    read_refusal,
    read_rows,
    read_total_pages,
)
from airflow_provider_ipaas.clients.ipaas.profile import Profile


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('"0015g00000Acc01AAA"', "0015g00000Acc01AAA"),
        ('"\\"0015g00000Acc01AAA\\""', "0015g00000Acc01AAA"),
        ('\\"0015g00000Acc01AAA\\"', "0015g00000Acc01AAA"),
        ("0015g00000Acc01AAA", "0015g00000Acc01AAA"),
        (" 1234 \r\n", "1234"),
        ("1E5", "1E5"),
        ('"1E5"', "1E5"),
        ("0012", "0012"),
        ("12345678901234567890", "12345678901234567890"),
        ('"a|b/c d"', "a|b/c d"),
        ("true story", "true story"),
        ("", None),
        ('""', None),
        ('"  "', None),
        ("null", None),
        ('"DELETED:0015g00000Acc01AAA"', None),
        ("DELETED:0015g00000Acc01AAA", None),
        ('"\\"deleted: 0015\\""', None),
    ],
)
def test_lookup_values(body: str, value: str | None) -> None:
    assert read_lookup(body) == value


@pytest.mark.parametrize("body", ["<html></html>", '{"id": 1}', "[1]", "true", "two\nlines", "x" * 1001, '"<b>"'])
def test_what_is_no_lookup_value(body: str) -> None:
    with pytest.raises(NotAnAnswer):
        read_lookup(body)


ID = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\<'), min_size=1, max_size=40)


@given(ID.filter(lambda value: not value.upper().startswith("DELETED:")))
def test_a_quoted_id_is_read_back_as_it_is(value: str) -> None:
    assert read_lookup(json.dumps(value)) == value
    assert read_lookup(json.dumps(json.dumps(value))) == value


@given(st.text(max_size=60) | st.sampled_from(["[" * 100_000, '{"a":' * 100_000, "NaN", "\ud800"]))
def test_no_body_breaks_the_readers(body: str) -> None:
    for reader in (read_lookup, read_record, read_rows):
        with contextlib.suppress(NotAnAnswer):
            reader(body)  # type: ignore[operator]
    assert len(read_refusal(body, body).message) <= 500


@pytest.mark.parametrize(
    ("body", "reason", "code", "message"),
    [
        ('{"code": "VALD-1002", "message": "Required."}', "Bad Request", "VALD-1002", "Required."),
        ('{"errors": [{"code": "BIZL-1006", "Message": "Taken."}]}', "", "BIZL-1006", "Taken."),
        ('"NFND-1005: not here"', "", "NFND-1005", "NFND-1005: not here"),
        ("plain VALD-1049 text", "", "VALD-1049", "plain VALD-1049 text"),
        ("", "AUTZ-1002 no right", "AUTZ-1002", "AUTZ-1002 no right"),
        ('{"message": "Order ABCD-1234 has VALD-1010"}', "", "VALD-1010", "Order ABCD-1234 has VALD-1010"),
        ('{"message": "LIMT-0001 slow down"}', "", "LIMT-0001", "LIMT-0001 slow down"),
        ("<html><style>b{}</style><p>Bad <b>Gateway</b></p></html>", "", "", "Bad Gateway"),
        ("", "", "", ""),
    ],
)
def test_refusals(body: str, reason: str, code: str, message: str) -> None:
    refusal = read_refusal(body, reason)
    assert (refusal.code, refusal.message, refusal.family) == (code, message, code[:4])


def test_long_messages_are_cut() -> None:
    assert len(read_refusal("x" * 5000, "").message) == 500


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('{"message": "Bad.", "field": "EmailAddress"}', ("email_address",)),
        ('{"errors": {"EmailAddress": ["Bad."], "$.x": ["?"]}}', ("email_address",)),
        ('{"message": "The EmailAddress is not valid."}', ("email_address",)),
        ("""{"message": "The field 'name' is required."}""", ("name",)),
        ('{"message": "The name is required."}', ()),
        ('{"message": "Bad.", "fields": ["last_name", "first_name"]}', ("last_name", "first_name")),
    ],
)
def test_fields_of_a_refusal(body: str, fields: tuple[str, ...]) -> None:
    sent = ("name", "first_name", "last_name", "email_address")
    assert read_refusal(body, "", sent).fields == fields


@pytest.mark.parametrize(
    ("header", "pages"),
    [
        ('{"current_Page": 1, "total_Pages": 4}', 4),
        ('{"TotalCount": 9, "TOTAL_PAGES": "2"}', 2),
        ('{"current_Page": 1}', None),
        ('{"total_Pages": "many"}', None),
        ('{"total_Pages": 1e999}', None),
        ("[1]", None),
        ("", None),
        (None, None),
    ],
)
def test_total_pages(header: str | None, pages: int | None) -> None:
    assert read_total_pages(header, Profile.load().paging) == pages


def test_ids_become_text() -> None:
    assert read_record('{"id": 90071992547409931, "n": 1}') == {"id": "90071992547409931", "n": 1}
    assert [row["id"] for row in read_rows('[{"id": "a-b"}, {"id": 7}]')] == ["a-b", "7"]
    with pytest.raises(NotAnAnswer, match="neither a number nor a text"):
        read_record('{"id": 1.5}')
