"""No run makes more than 10 % more calls than the baseline: calls are a limit that other programs of the org share."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.sync.model import Collection
from tests.behaviour.call_gate import COLLECTIONS, PLAYS, fresh_rig, load, rises


@pytest.mark.parametrize("play", PLAYS)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_run_makes_more_calls_than_the_baseline_allows(
    sandbox: Sandbox, tmp_path: Path, collection: Collection, play: str
) -> None:
    baseline = load()[f"{collection} {play}"]
    with fresh_rig(sandbox, tmp_path) as rig:
        counted = dict(PLAYS[play](rig, collection))
    assert counted.keys() == baseline.keys()
    found = [f"{scenario}: {rise}" for scenario in counted for rise in rises(counted[scenario], baseline[scenario])]
    assert not found, "If that is meant, run `python -m tests.behaviour.call_gate` and say why:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ({"GET a": 110, "GET b": 1}, []),
        ({"GET a": 111}, ["ipaas, GET a: 111 instead of 100"]),
        ({"GET a": 10, "GET b": 2}, ["ipaas, GET b: 2 instead of 1"]),
        ({"GET a": 10, "GET new": 1}, ["ipaas, GET new: 1 instead of 0"]),
        ({"GET a": 110, "GET b": 2}, ["ipaas, GET b: 2 instead of 1", "ipaas, all calls: 112 instead of 101"]),
        ({}, []),
    ],
)
def test_more_than_ten_percent_of_any_call_is_a_rise(counted: dict[str, int], expected: list[str]) -> None:
    assert rises({"ipaas": counted}, {"ipaas": {"GET a": 100, "GET b": 1}}) == expected


def test_calls_to_a_service_that_had_none_are_a_rise() -> None:
    found = ["salesforce, GET a: 1 instead of 0", "salesforce, all calls: 1 instead of 0"]
    assert rises({"salesforce": {"GET a": 1}}, {"ipaas": {"GET a": 1}}) == found
