"""Services that answer 429, 502, 503 or 500: waited for as they ask, never longer than makes sense, never for ever."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.errors import TransientServiceError
from tests.behaviour import world
from tests.support.rig import Rig

STATUSES = [429, 500, 502, 503]
# What a service may say about when to come back, and what is made of it; None: our own growing pauses.
ABSURD = {
    "none": (None, None),
    "told": ("2", 2.0),
    "a-day": ("86400", 60.0),
    "never": ("99999999999999999999", 60.0),
    "past": ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    "far": ("Wed, 21 Oct 2099 07:28:00 GMT", 60.0),
    "negative": ("-5", None),
    "words": ("soon", None),
    "fraction": ("1.5", None),
}
# Calls of one kind that only read, and how often such a call is made at most.
READS = {"salesforce": ("/query", 4), "ipaas": ("Customer/Companies", 5)}


def busy(status: int, after: str | None) -> dict[str, Any]:
    return {"type": "status", "status": status, "headers": {} if after is None else {"Retry-After": after}}


def hits(rig: Rig) -> int:
    return sum(rule["hits"] for rule in rig.control("GET", "faults"))


@pytest.fixture
def waits(rig: Rig) -> list[float]:
    """Note how long the clients would have slept."""
    noted: list[float] = []
    rig.sleep = noted.append
    return noted


@pytest.mark.parametrize("after", ABSURD)
@pytest.mark.parametrize("service", READS)
def test_a_service_that_stays_busy_is_asked_a_few_times_and_left_to_a_later_run(
    rig: Rig, waits: list[float], service: str, after: str
) -> None:
    ours, theirs = world.account(rig, "Here"), world.company(rig, "There")
    path, most = READS[service]
    told, pause = ABSURD[after]
    rig.control("POST", "faults", {"service": service, "path": path, "action": busy(503, told)})

    result = rig.run("account", full=True)
    asked = hits(rig)
    rig.control("DELETE", "faults")

    (error,) = result.errors.values()
    assert isinstance(error, TransientServiceError)
    assert error.next_step
    assert asked == most
    assert len(waits) == most - 1
    assert all(0 <= wait <= 60 for wait in waits)
    if pause is not None:
        assert waits == [pause] * (most - 1)
    assert [row["Id"] for row in world.salesforce_rows(rig, "Account")] == [ours]
    assert [row["id"] for row in world.companies(rig)] == [int(theirs)]
    assert rig.run("account", full=True).ok["to_ipaas"]["created"] == 1


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("service", READS)
def test_a_read_survives_a_busy_service(rig: Rig, waits: list[float], service: str, status: int) -> None:
    world.account(rig, "Here")
    world.company(rig, "There")
    path, most = READS[service]
    with rig.fault(service=service, path=path, times=most - 1, action=busy(status, None)):
        rig.run("account", full=True).ok  # noqa: B018
    # After a 429 of iPaaS.com the calls that follow begin more slowly, too.
    assert len(waits) == most - 1 or ((service, status) == ("ipaas", 429) and len(waits) >= most - 1)


@pytest.mark.parametrize(
    ("status", "when"),
    # A 429 is taken at its word: the call was not looked at.
    [(status, when) for status in STATUSES for when in ("before", "after") if (status, when) != (429, "after")],
)
@pytest.mark.parametrize(
    ("service", "path"), [("salesforce", "composite/sobjects/Account/iPaaS"), ("ipaas", "Customer/Company$")]
)
def test_a_create_that_meets_a_busy_service_happens_once(
    rig: Rig, service: str, path: str, status: int, when: str
) -> None:
    """Whether the service has done it or not: an outage that comes after the work is a lost answer."""
    world.account(rig, "Here")
    world.company(rig, "There")
    action = {**busy(status, None), "when": when}
    with rig.fault(service=service, method="POST" if service == "ipaas" else "PATCH", path=path, nth=1, action=action):
        first = rig.run("account", full=True)
    assert first["to_ipaas"]["failed"] == first["to_salesforce"]["failed"] == 0
    for _ in range(2):
        world.later(rig, minutes=40)
        rig.run("account", full=True).ok  # noqa: B018
    assert sorted(row["Name"] for row in world.salesforce_rows(rig, "Account")) == ["Here", "There"]
    assert sorted(row["name"] for row in world.companies(rig)) == ["Here", "There"]
    assert world.is_quiet(rig.run("account"))


def test_pauses_grow_and_differ(rig: Rig, waits: list[float]) -> None:
    rig.control("POST", "faults", {"service": "ipaas", "path": "Customer/Companies", "action": busy(503, None)})
    for _ in range(20):
        rig.run("account")
    rig.control("DELETE", "faults")
    by_attempt = [waits[start::4] for start in range(4)]
    tops = [max(group) for group in by_attempt]
    assert all(max(group) <= 0.5 * 2**attempt for attempt, group in enumerate(by_attempt))
    assert tops[3] > tops[0]
    assert len({round(wait, 6) for wait in waits}) > len(waits) / 2
