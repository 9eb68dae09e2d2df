"""What a person may ask for among the records that wait."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sync import parked
from airflow_provider_ipaas.sync.parked import MAX_IDS, WAITING_REASONS, Selection, parse_limit

ACCOUNT, CONTACT = "001D000000IqhSLIAZ", "003D000000QV9n2IAD"


def test_nothing_asked_is_everything() -> None:
    for asked in ({}, {"record_ids": [], "reason": "", "code": " ", "collection": None, "direction": ""}):
        selection = Selection.parse(asked)
        assert selection == Selection()
        assert not selection.is_narrow
        assert selection.said() == "everything"


def test_everything_asked_is_checked_and_kept() -> None:
    asked = {
        "record_ids": [ACCOUNT[:15], ACCOUNT, "77"],
        "reason": " refused_before ",
        "code": "VALD-1025",
        "collection": "account",
        "direction": "to_ipaas",
    }
    selection = Selection.parse(asked, scope="org/1")
    assert selection == Selection("org/1", "account", "to_ipaas", "refused_before", "VALD-1025", (ACCOUNT, "77"))
    assert selection.said() == (
        f"collection account, direction to_ipaas, reason refused_before, code VALD-1025, ids {ACCOUNT}, 77"
    )


def test_without_a_collection_ids_of_both_are_taken() -> None:
    assert Selection.parse({"record_ids": [ACCOUNT, CONTACT]}).ids == (ACCOUNT, CONTACT)


@pytest.mark.parametrize(
    ("asked", "message", "next_step"),
    [
        (
            {"reason": "refused"},
            "There is no reason 'refused'; refused_before is near.",
            "Records wait for: ambiguous_",
        ),
        ({"reason": "STRING_TOO_LONG"}, "STRING_TOO_LONG is a code of a service, no reason.", "Give it as code. "),
        ({"reason": "target_deleted"}, "Records do not wait for the reason target_deleted:", "Records wait for: "),
        ({"reason": 7}, "reason is not a text of at most 200 characters.", "Correct it."),
        ({"code": "x" * 201}, "code is not a text of at most 200 characters.", "Correct it."),
        ({"collection": "lead"}, "collection is 'lead'.", "Use account or contact, or leave it empty."),
        ({"direction": "both"}, "direction is 'both'.", "Use to_ipaas or to_salesforce, or leave it empty."),
        ({"record_ids": "77"}, "record_ids is str, not an array of strings.", "Give the ids as an array"),
        ({"record_ids": ["00QD000000IqhSL"]}, "is not the id of an Account or Contact", "001 or 003"),
        ({"record_ids": [CONTACT], "collection": "account"}, "is not the id of an Account", "start with 001"),
        ({"record_ids": [f"{n}" for n in range(MAX_IDS + 1)]}, "record_ids has 401 ids; 400 can", "in several parts"),
    ],
)
def test_what_is_wrong_is_told_with_what_there_is(asked: dict[str, Any], message: str, next_step: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Selection.parse(asked)
    assert message in caught.value.message
    assert next_step in caught.value.next_step


def test_the_reasons_to_wait_for_are_the_catalogues() -> None:
    assert "refused_before" in WAITING_REASONS
    assert "dropped" not in WAITING_REASONS
    assert "STRING_TOO_LONG" not in WAITING_REASONS


@pytest.mark.parametrize("value", [None, 1, 5000])
def test_a_limit_is_a_whole_number_or_none(value: int | None) -> None:
    assert parse_limit(value) == value


@pytest.mark.parametrize("value", [0, -1, True, "5", 1.5])
def test_other_limits_are_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="limit is"):
        parse_limit(value)


@pytest.mark.parametrize(
    ("reason", "state", "asked", "expected"),
    [
        ("conflict", {}, None, None),
        ("conflict", {"create_is_open": True}, None, parked.UNKNOWN_CREATE),
        ("uncertain_create", {}, "uncertain_create", parked.UNKNOWN_CREATE),
        ("create_in_progress", {}, None, parked.UNKNOWN_CREATE),
        ("direction_off", {}, "direction_off", parked.PENDING),
        ("external_id_missing", {"owes_id": True}, None, parked.OWES_ID),
        ("external_id_missing", {"owes_id": True}, "external_id_missing", None),
        ("conflict", {"owes_id": True}, "conflict", parked.OWES_MORE),
    ],
)
def test_what_must_not_be_forgotten_is_not_dropped(
    reason: str, state: dict[str, bool], asked: str | None, expected: str | None
) -> None:
    told = {"owes_id": False, "create_is_open": False} | state
    assert parked.why_kept(reason, asked=asked, **told) == expected
