"""A target: what it is given, and what must hold of whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError

T = TypeVar("T")
# Given wherever a secret goes in; it must come out nowhere.
SECRET = "s3cr3t-Horse-Battery"
# A message is for a person to read, and goes into logs, XCom and the ledger.
LONGEST_MESSAGE = 8_000


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads input of others.

    *check* takes one drawn value and raises for whatever is no typed error: that is a finding. *short* is how many
    values the test suite draws; the long run draws until its time is up, of which a target gets *share*.
    """

    name: str
    drawn: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    short: int = 200
    share: int = 1


def typed(call: Callable[[], T], *documented: type[Exception]) -> T | None:
    """Return what a call returns; None when it ends in a typed error that a person can read, or a *documented* one."""
    try:
        return call()
    except IPaaSSyncError as error:
        readable(error)
    except documented:
        pass
    return None


def readable(error: IPaaSSyncError) -> None:
    """Check that an error says something, in bounds, in text that can be stored, without the secret."""
    said = str(error)
    assert error.message.strip(), "an error without a message"
    assert error.next_step or not isinstance(error, ConfigurationError), "an error of configuration without its mend"
    assert len(said) <= LONGEST_MESSAGE, f"a message of {len(said)} characters"
    assert SECRET not in said, "a secret in a message"
    said.encode("utf-8")
