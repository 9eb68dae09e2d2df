from __future__ import annotations

from decimal import Decimal

import pytest

from airflow_provider_ipaas.mapping import unsendable
from airflow_provider_ipaas.mapping.text import as_boolean, as_number, canonical


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        ("", None),
        (" \r\n\t ", None),
        ("  Acme  ", "Acme"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("1E5", "1E5"),
        ("007", "007"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-0.0, "0"),
        (1000.0, "1000"),
        (100, "100"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (Decimal("12.50"), "12.5"),
        (float("inf"), "inf"),
        ({"b": 1, "a": "ü"}, '{"a": "ü", "b": 1}'),
        (["x"], '["x"]'),
    ],
)
def test_canonical(value: object, shown: str | None) -> None:
    assert canonical(value) == shown


@pytest.mark.parametrize("value", [None, "", "plain", "emoji 😀", 5, {"a": ["b", {"c": "d"}]}, ("x",)])
def test_sendable(value: object) -> None:
    assert unsendable(value) is None


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("a\x00b", "NUL"),
        ("\ud83d", "surrogate"),
        ("\udc00 tail", "surrogate"),
        ({"Street": "a\x00"}, "NUL"),
        ({"a\x00": "b"}, "NUL"),
        ({"x": [{"y": ("fine", "\udfff")}]}, "surrogate"),
    ],
)
def test_unsendable_is_named(value: object, named: str) -> None:
    assert named in (unsendable(value) or "")


def test_numbers_and_booleans() -> None:
    assert as_number("1.50") == Decimal("1.5")
    assert [as_number(word) for word in ("", "abc", "NaN", "Infinity")] == [None] * 4
    assert [as_boolean(word) for word in ("TRUE", "1", "Yes", "false", "0", "no", "maybe")] == [
        *(True, True, True),
        *(False, False, False),
        None,
    ]
