"""What records are matched by: the keys, and the pattern that finds every spelling of a name in Salesforce."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.sync.keys import content_hash, email_key, like_pattern, name_key, number_key

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = st.text(string.ascii_letters + string.digits + " .,-&'", max_size=30)
ODD = st.text(st.sampled_from("aAsSßẞıİiIkKKåÅſﬁ &.,_-%'\\Σσςéèe\u0301\u00ad0 \t"), max_size=12)


def like(value: str, pattern: str | None) -> bool:
    """SOQL's LIKE: letter by letter without case, `%` any run, `_` one character, backslash escapes."""
    parts: list[str] = []
    escaped = False
    for char in pattern or "%":
        if escaped:
            parts.append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append({"%": ".*", "_": "."}.get(char, re.escape(char)))
    return re.fullmatch("".join(parts), value, re.IGNORECASE | re.DOTALL) is not None


# Keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme, Inc.", "ACME INC"),
        ("  Acme   Inc ", "acme-inc"),
        ("Straße GmbH", "STRASSE GMBH"),
        ("A&B", "a & b"),
        ("Acme_Corp", "Acme Corp"),
        ("Acme\tCorp", "acme corp"),
        ("Ä\u00a0B", "ä b"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("\u0130stanbul", "i\u0307stanbul"),
    ],
)
def test_names_are_equal_but_for_case_blanks_and_punctuation(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Acme", "Acme 2"), ("AB", "A B"), ("Müller", "Muller"), ("!!!", "???"), ("राम", "रीम")]
)
def test_other_names_are_not_equal(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("value", [None, "", "  ", "\t\n"])
def test_a_blank_has_no_key(value: str | None) -> None:
    assert name_key(value) is None
    assert email_key(value) is None
    assert number_key(value) is None


def test_emails_and_numbers_are_trimmed_and_case_folded() -> None:
    assert email_key(" Ann@Example.COM ") == "ann@example.com"
    assert number_key(" ab-1 ") == "ab-1"
    assert number_key(1007) == "1007"


@given(NAMES)
def test_a_name_key_is_its_own_key(name: str) -> None:
    key = name_key(name)
    if key is not None:
        assert name_key(key) == key
        assert key == key.strip()


@given(st.recursive(st.none() | st.booleans() | st.integers() | NAMES, lambda x: st.dictionaries(NAMES, x, max_size=3)))
def test_the_hash_of_content_is_stable_and_ascii(content: object) -> None:
    assert content_hash(content) == content_hash(content)
    assert re.fullmatch("[0-9a-f]{32}", content_hash(content))


@given(st.dictionaries(NAMES, st.integers(), min_size=2, max_size=5))
def test_the_order_of_keys_does_not_matter(content: dict[str, int]) -> None:
    assert content_hash(dict(reversed(content.items()))) == content_hash(content)


# The pattern


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Two names, often with the same key: the second respells the first."""
    name = draw(st.one_of(PLAIN, ODD, NAMES))
    respelled = []
    for char in name:
        way = draw(st.integers(0, 3))
        if not char.isalnum():
            respelled.append(draw(st.sampled_from([" ", "-", ", ", ". ", "_", "%", "'", " \\ "])) if way else char)
        else:
            respelled.append([char, char.upper(), char.lower(), char.casefold()][way])
    edge = st.sampled_from(["", " ", "."])
    return name, draw(edge) + "".join(respelled) + draw(edge)


@settings(max_examples=600)
@given(spellings())
@example(("Straße", "STRASSE"))
@example(("Groß Söhne", "GROSS SÖHNE"))
@example(("Kelvin", "\u212aelvin"))
@example(("ﬁrma", "FIRMA"))
@example(("Office", "O\ufb03ce"))
@example(("Moss", "Mo\u017fs"))
@example(("Stone", "\ufb06one"))
@example(("IJssel", "\u0132ssel"))
def test_the_pattern_finds_every_spelling_with_the_same_key(names: tuple[str, str]) -> None:
    asked, stored = names
    stored = stored.strip()
    pattern = like_pattern(asked)
    if pattern is None or name_key(asked) != name_key(stored):
        return
    assert like(stored, pattern), (pattern, stored)


def test_the_pattern_finds_every_letter_that_case_folding_rewrites() -> None:
    missed = [
        char
        for char in map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
        if char.casefold() != char and not like(f"Alpha {char} omega", like_pattern(f"alpha {char.casefold()} omega"))
    ]
    assert missed == []


@given(st.one_of(PLAIN, ODD, NAMES))
def test_a_pattern_is_plain_and_never_fits_everything(name: str) -> None:
    pattern = like_pattern(name)
    if pattern is not None:
        assert re.fullmatch("[a-z0-9%]+", pattern)
        assert len(pattern.replace("%", "")) >= 2
        assert not like("", pattern)
