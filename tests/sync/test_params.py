"""Params and record ids as pure functions: whatever comes in, either it is understood or the error names it."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync.ids import PREFIX, looks_like_salesforce, split_record_ids, to_18
from airflow_provider_ipaas.sync.model import Collection
from airflow_provider_ipaas.sync.params import RunDirection, RunParams

PLAIN = string.ascii_letters + string.digits
COLLECTIONS = st.sampled_from(get_args(Collection))
TAILS = st.text(PLAIN, min_size=12, max_size=12)
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.text(), max_size=2)
)


@st.composite
def salesforce_ids(draw: st.DrawFn, collection: Collection) -> str:
    """An id of 15 characters, or of 18 with the checksum that belongs to it."""
    short = PREFIX[collection] + draw(TAILS)
    return short if draw(st.booleans()) else to_18(short)


def refusal(call: Callable[[], object]) -> ConfigurationError | None:
    """Return the error that *call* ends with, if any."""
    try:
        call()
    except ConfigurationError as error:
        return error
    return None


# Ids


@pytest.mark.parametrize(
    ("short", "full"),
    [("001D000000IqhSL", "001D000000IqhSLIAZ"), ("0015g00000abcDE", "0015g00000abcDEAAY"), ("00130000000abcd", None)],
)
def test_the_checksum_is_that_of_salesforce(short: str, full: str | None) -> None:
    assert to_18(short) == (full or short + "AAA")


@given(TAILS)
def test_the_long_form_of_a_long_form_is_itself(tail: str) -> None:
    full = to_18("001" + tail)
    assert len(full) == 18
    assert to_18(full) == full


@given(st.data(), COLLECTIONS)
def test_well_formed_salesforce_ids_come_out_long_each_once_and_in_order(data: st.DataObject, collection: Any) -> None:
    ids = data.draw(st.lists(salesforce_ids(collection), max_size=6))

    ours, theirs = split_record_ids([*ids, *ids], collection)

    assert ours == list(dict.fromkeys(to_18(value) for value in ids))
    assert theirs == []


@given(st.data(), COLLECTIONS)
def test_one_wrong_letter_in_an_18_character_id_is_noticed_where_the_checksum_tells(
    data: st.DataObject, collection: Any
) -> None:
    full = to_18(PREFIX[collection] + data.draw(TAILS))
    place = data.draw(st.integers(3, 17))
    swapped = full[:place] + full[place].swapcase() + full[place + 1 :]
    if swapped == full:
        return
    with pytest.raises(ConfigurationError, match=swapped):
        split_record_ids([swapped], collection)


@given(st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True), COLLECTIONS)
def test_what_does_not_look_like_a_salesforce_id_is_an_ipaas_id(value: str, collection: Any) -> None:
    if looks_like_salesforce(value):
        return
    assert split_record_ids([value], collection) == ([], [value])


@given(st.lists(JUNK, min_size=1, max_size=4), COLLECTIONS)
def test_junk_is_refused_by_name_or_is_an_id(values: list[Any], collection: Any) -> None:
    error = refusal(lambda: split_record_ids(values, collection))
    if error is not None:
        assert "record_ids" in error.message
        assert error.next_step
        return
    ours, theirs = split_record_ids(values, collection)
    assert all(len(value) == 18 and value.startswith(PREFIX[collection]) and value.isascii() for value in ours)
    assert all(0 < len(value) <= 64 and set(value) <= {*PLAIN, "-"} for value in theirs)


@given(JUNK)
def test_a_message_names_a_wrong_value_without_spilling_over(value: Any) -> None:
    error = refusal(lambda: split_record_ids([value], "account"))
    assert error is None or len(error.message) < 600


def test_a_salesforce_id_of_neither_object_is_no_ipaas_id() -> None:
    with pytest.raises(ConfigurationError, match="start with 001"):
        split_record_ids(["0065g00000abcDE"], "account")
    assert split_record_ids(["0065g00000abcDEF1"], "account") == ([], ["0065g00000abcDEF1"])


# Params


def test_what_is_not_given_has_its_default() -> None:
    params = RunParams.parse({}, "account")

    assert (params.direction, params.poll_days, params.full, params.dry_run) == ("both", None, False, False)
    assert (params.max_creates, params.confirm_rebuild, params.by_id) == (1000, False, False)
    assert (params.allow_mass_change, params.confirm_first_contact) == (False, False)
    assert params.directions == ("to_ipaas", "to_salesforce")
    assert params.moves_watermark


def test_record_ids_may_be_null() -> None:
    assert not RunParams.parse({"record_ids": None}, "account").by_id


@given(
    st.sampled_from(get_args(RunDirection)),
    st.none() | st.integers(1, 3650),
    st.none() | st.integers(0, 10**9),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.tuples(st.booleans(), st.booleans()),
)
def test_right_params_are_taken_as_they_are(
    direction: str, days: int | None, creates: int | None, full: bool, dry: bool, confirm: bool, go: tuple[bool, bool]
) -> None:
    given_params = {
        "direction": direction,
        "poll_days": days,
        "max_creates": creates,
        "full": full,
        "dry_run": dry,
        "confirm_rebuild": confirm,
        "allow_mass_change": go[0],
        "confirm_first_contact": go[1],
        "record_ids": [],
    }
    params = RunParams.parse(given_params, "contact")

    assert {name: getattr(params, name) for name in given_params if name != "record_ids"} == {
        name: value for name, value in given_params.items() if name != "record_ids"
    }
    assert params.moves_watermark is not dry
    assert params.writes("to_ipaas") is (direction in ("both", "to_ipaas"))
    assert params.writes("to_salesforce") is (direction in ("both", "to_salesforce"))


@given(
    st.dictionaries(
        st.sampled_from(
            sorted({field.name for field in fields(RunParams)} - {"salesforce_ids", "ipaas_ids"} | {"record_ids"})
        ),
        JUNK,
    )
)
def test_junk_is_refused_by_the_name_of_the_param_or_is_right(junk: dict[str, Any]) -> None:
    error = refusal(lambda: RunParams.parse(junk, "account"))
    if error is not None:
        assert any(name in error.message for name in junk)
        return
    params = RunParams.parse(junk, "account")
    assert params.direction in get_args(RunDirection)
    assert params.poll_days is None or 1 <= params.poll_days <= 3650
    assert params.max_creates is None or params.max_creates >= 0
    assert all(type(flag) is bool for flag in (params.full, params.dry_run, params.confirm_rebuild))
    assert all(type(flag) is bool for flag in (params.allow_mass_change, params.confirm_first_contact))
