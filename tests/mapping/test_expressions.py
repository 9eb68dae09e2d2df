"""Expressions: what they give, what is refused before it runs, and what bounds them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.mapping.expressions import ExpressionFailed, ExpressionRefused, compile_expression, limits
from airflow_provider_ipaas.mapping.expressions.functions import FUNCTIONS

FIELDS: dict[str, Any] = {
    **{"value": "a", "Account.Name": " Acme ", "custom.A b": "SEG", "Big": 12.5, "Flag": True, "Blank": "  ", "N": 3},
    "Long": "x" * limits.MAX_TEXT,
}


def run(source: str, **more: Any) -> Any:
    fields = {**FIELDS, **more}
    return compile_expression(source).evaluate(lambda path: fields.get(".".join(path)))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("value | upper", "A"),
        ("upper(value)", "A"),
        ("value ~ '-' ~ N", "a-3"),
        ("'1E5'", "1E5"),
        ("Account.Name", "Acme"),
        ("custom['A b'] | lower", "seg"),
        ("custom.A", None),
        ("Blank", None),
        ("'none' if not Blank else Blank", "none"),
        ("'x' if Blank", None),
        ("default(Blank, 'n/a')", "n/a"),
        ("Big * 2", Decimal("25.0")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("7 // 2", 3),
        ("7 / 2", Decimal("3.5")),
        ("-N", -3),
        ("N > 2 and Flag", True),
        ("value in ['a', 'b']", True),
        ("2 < N < 4", True),
        ("left('abcdef', 2) ~ right('abcdef', 2) ~ mid('abcdef', 3, 2)", "abefcd"),
        ("right('abc', 0)", ""),
        ("title('ann lee') | replace('Lee', 'Li')", "Ann Li"),
        ("trim('  a   b ')", "a b"),
        ("pad_left('7', 3)", "007"),
        ("digits('(512) 555')", "512555"),
        ("remove_prefix('https://a', 'https://') ~ remove_suffix('b/', '/')", "ab"),
        ("starts_with('abc', 'ab') and ends_with('abc', 'bc') and contains('abc', 'b')", True),
        ("length('abc') + length(split('a,b'))", 5),
        ("picklist('en; fr;;de') | join(' + ')", "en + fr + de"),
        ("'en,fr' | split(',') | to_picklist", "en;fr"),
        ("contains(picklist('en;fr'), 'fr')", True),
        ("first(picklist('en;fr')) ~ last(picklist('en;fr'))", "enfr"),
        ("first(split(''))", None),
        ("number('12.50') + 1", Decimal("13.50")),
        ("round_to('2.675', 2)", Decimal("2.68")),
        ("boolean('Yes')", True),
        ("format_date('2026-12-31', 'DD/MM/YYYY')", "31/12/2026"),
        ("parse_date('12/31/2026', 'MM/DD/YYYY')", "2026-12-31"),
        ("in_timezone('2026-12-31T10:00:00.000+0000', 'America/Chicago')", "2026-12-31T04:00:00-06:00"),
        ("to_utc('2026-07-01T10:00:00', 'Europe/Berlin')", "2026-07-01T08:00:00Z"),
        ("date_in('2026-12-31T23:00:00Z', 'Asia/Tokyo')", "2027-01-01"),
        ("phone_e164('(512) 555-0100', 'US')", "+15125550100"),
        ("phone_e164('+49 30 901820', 'US')", "+4930901820"),
        ("phone_national('+15125550100', 'US')", "(512) 555-0100"),
        ("phone_international('5125550100', 'us')", "+1 512-555-0100"),
        ("country_code('united states') ~ country_code('DEU') ~ country_code('UK')", "USDEGB"),
        ("country_code3('de')", "DEU"),
        ("country_name('KR')", "South Korea"),
        ("country_name('tw')", "Taiwan"),
        ("state_code('Texas', 'US') ~ state_code('us-ca', 'United States')", "TXCA"),
        ("state_name('ON', 'CA')", "Ontario"),
    ],
)
def test_result(source: str, result: Any) -> None:
    assert run(source) == result


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("value * 2", "multiply numbers only"),
        ("'a' * 1000000000", "multiply numbers only"),
        ("'%999999999d' % 3", "divide numbers only"),
        ("value + 'x'", "join text with ~"),
        ("Flag + 1", "add numbers only"),
        ("1 / 0", "divides by zero"),
        ("value > 3", "do not fit together"),
        ("Long ~ 'x'", "longer than"),
        ("replace(Long, 'x', Long)", "longer than"),
        ("join(split(replace(left(Long, 4000), 'x', 'x,')), Long)", "longer than"),
        ("length(split(replace(left(Long, 6000), 'x', 'x,')))", "more than 5000"),
        ("pad_left('a', 256)", "from 0 to 255"),
        ("left('abc', -1)", "whole number"),
        ("number('abc')", "no number"),
        ("number('9' ~ '" + "9" * 59 + "') * number('" + "9" * 60 + "')", "too large"),
        ("boolean('maybe')", "neither true nor false"),
        ("upper(split('a'))", "got a list"),
        ("join('a')", "needs a list"),
        ("split('a', '')", "needs a separator"),
        ("format_date('tomorrow', 'DD')", "no date"),
        ("format_date('2026-13-01', 'DD')", "no date"),
        ("parse_date('12/31', 'MM/DD')", "year, month and day"),
        ("parse_date('x', 'YYYY-MM-DD')", "no date of this form"),
        ("in_timezone('2026-12-31', '../../etc/passwd')", "no such time zone"),
        ("phone_e164('none', 'US')", "no phone number"),
        ("phone_e164('123', 'US')", "too short or too long"),
        ("phone_e164('5125550100', 'Texas')", "code of two letters"),
        ("country_code('Atlantis')", "no country"),
        ("state_code('Bavaria', 'US')", "no state"),
    ],
)
def test_a_failure_says_why_and_names_no_value(source: str, what: str) -> None:
    with pytest.raises(ExpressionFailed, match=what):
        run(source)


@pytest.mark.parametrize(
    ("source", "what", "mend"),
    [
        ("", "can't be read", "missing"),
        ("value |", "can't be read", "missing"),
        ("'a", "can't be read", "quote"),
        ("value value", "should end before 'value'", "~"),
        ("{{ value }}", "without braces", "value | upper"),
        ("value | foo", "'foo' is no function", "Known are"),
        ("value | uper", "'uper' is no function", "'upper'"),
        ("now()", "'now' is no function", "Known are"),
        ("range(9)", "'range' is no function", "Known are"),
        ("value.append(1)", "only functions can be called", "Known are"),
        ("upper(value)()", "only functions can be called", "Known are"),
        ("upper(value).__class__", "attributes and items", "by its path"),
        ("value[0]", "attributes and items", "left(text, 3)"),
        ("value[1:2]", "attributes and items", "left(text, 3)"),
        ("'a'.join", "attributes and items", "by its path"),
        ("value is none", "Test is not available", "not Phone"),
        ("{'a': 1}", "Dict is not available", "translate"),
        ("2 ** 9", "Pow is not available", "Powers"),
        ("upper(*value)", "can't be unpacked", "each argument"),
        ("upper()", "missing a required argument", "upper(value)"),
        ("upper(value, 1)", "too many positional arguments", "upper(value)"),
        ("left(value, number=1)", "missing a required argument", "left(value, count)"),
        ("9" * 70, "too large", "smaller"),
        ("1+" * 300 + "1", "too large or nested too deeply", "simpler"),
        ("not " * 300 + "1", "too large or nested too deeply", "simpler"),
        ("(" * 900 + "1" + ")" * 900, "nested too deeply", "simpler"),
        ("'" + "a" * 2000 + "'", "2002 characters", "translation table"),
    ],
)
def test_refused_before_anything_runs(source: str, what: str, mend: str) -> None:
    with pytest.raises(ExpressionRefused) as caught:
        compile_expression(source)
    assert what in caught.value.what
    assert mend in caught.value.mend


def test_names_of_jinja_and_python_are_fields_like_any_other() -> None:
    for name in ("self", "context", "environment", "loop", "namespace", "cycler", "f0", "upper", "__class__"):
        assert compile_expression(name).paths == ((name,),)
        assert run(name) is None


def test_every_function_is_documented() -> None:
    assert [name for name, function in FUNCTIONS.items() if not function.__doc__] == []


WORDS = st.sampled_from(
    [
        *FUNCTIONS,
        *("value", "Account.Name", "custom['x']", "Long", "N", "Big", "Flag", "self", "__class__", "__globals__"),
        *(
            "'a'",
            "'%s'",
            "'{0}'",
            "1",
            "0",
            "9999999999",
            "1.5",
            "'US'",
            "'2026-12-31'",
            "';'",
            "[",
            "]",
            "(",
            ")",
            ",",
        ),
        *("|", "~", "+", "-", "*", "/", "//", "%", "**", "==", "<", "in", "not", "and", "or", "if", "else", "is", "."),
        *("{", "}", "{{", "}}", "{%", ":", "lambda", "import", "\n", "\\", "é"),
    ]
)
SOURCES = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40)


@settings(max_examples=600, deadline=None)
@given(SOURCES, st.text(max_size=30) | st.none() | st.integers() | st.booleans() | st.floats())
@example("value | replace('', 'x') | replace('x', value)", "x")
@example("round_to(value, 15)", 1e308)
@example("number(value) * number(value)", "9" * 60)
def test_whatever_is_written_it_is_refused_or_fails_or_gives_a_small_plain_value(source: str, value: Any) -> None:
    try:
        result = run(source, value=value)
    except (ExpressionRefused, ExpressionFailed) as error:
        result = str(error)
    assert limits.checked(result) == result


CALLS = st.one_of(
    st.tuples(
        st.sampled_from(sorted(FUNCTIONS)),
        st.lists(st.sampled_from(["value", "Long", "N", "Big", "'US'", "split(value)", "-1", "200"]), max_size=4),
    ).map(lambda call: f"{call[0]}({', '.join(call[1])})")
)


@settings(max_examples=400, deadline=None)
@given(CALLS, st.text(max_size=60))
def test_every_function_takes_whatever_it_is_given(source: str, value: str) -> None:
    try:
        result = run(source, value=value)
    except (ExpressionRefused, ExpressionFailed) as error:
        result = str(error)
    assert limits.checked(result) == result


@given(st.text(max_size=40))
def test_the_same_value_gives_the_same_result(value: str) -> None:
    source = "value | trim | upper ~ length(value)"
    assert run(source, value=value) == run(source, value=value)
