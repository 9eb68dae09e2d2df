"""Which unlinked records belong together: every case of the pure decisions."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.sync.match import (
    Candidates,
    Match,
    confirm,
    match_by_email,
    match_by_external_id,
    match_by_name,
)


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (Candidates(), None),
        (Candidates(carried="1"), Match("link", ("1",), "external id")),
        (Candidates(carriers=("1",)), Match("link", ("1",), "external id")),
        (Candidates(carried="1", carriers=("1",)), Match("link", ("1",), "external id")),
        (Candidates(carried="1", carriers=("2",)), Match("ambiguous_match", ("1", "2"), "external id")),
        (Candidates(carriers=("1", "2")), Match("ambiguous_match", ("1", "2"), "external id")),
        (Candidates(carried="1", linked=frozenset({"1"})), Match("match_already_linked", ("1",), "external id")),
        (
            Candidates(carriers=("1", "2"), linked=frozenset({"1"})),
            Match("ambiguous_match", ("1", "2"), "external id"),
        ),
        (Candidates(alike=("1",), elsewhere=("2",)), None),
    ],
)
def test_external_ids(candidates: Candidates, expected: Match | None) -> None:
    assert match_by_external_id(candidates) == expected


@pytest.mark.parametrize(
    ("candidates", "verdict", "ids"),
    [
        (Candidates(), "none", ()),
        (Candidates(alike=("1",)), "link", ("1",)),
        (Candidates(alike=("1", "2")), "ambiguous_match", ("1", "2")),
        (Candidates(alike_here=("9",)), "ambiguous_match", ()),
        (Candidates(alike_here=("9",), alike=("1",)), "ambiguous_match", ("1",)),
        (Candidates(elsewhere=("3",)), "match_already_linked", ("3",)),
        (Candidates(alike=("1",), elsewhere=("3",)), "link", ("1",)),
        (Candidates(alike_here=("9",), elsewhere=("3",)), "ambiguous_match", ("3",)),
    ],
)
def test_e_mails(candidates: Candidates, verdict: str, ids: tuple[str, ...]) -> None:
    assert match_by_email(candidates) == Match(verdict, ids, "e-mail" if verdict != "none" else "")  # type: ignore[arg-type]


def test_names_are_never_linked() -> None:
    assert match_by_name(Candidates()) == Match("none")
    assert match_by_name(Candidates(alike=("1",))).verdict == "possible_duplicate"
    assert match_by_name(Candidates(alike=("1", "2"))).ids == ("1", "2")


@pytest.mark.parametrize(
    ("back", "verdict"),
    [
        (Match("link", ("003A",), "e-mail"), "link"),
        (Match("link", ("003B",), "external id"), "match_already_linked"),
        (Match("match_already_linked", ("003B",), "external id"), "match_already_linked"),
        (Match("ambiguous_match", ("003A", "003B"), "e-mail"), "ambiguous_match"),
        (Match("none"), "ambiguous_match"),
    ],
)
def test_a_link_stands_only_where_both_sides_name_each_other(back: Match, verdict: str) -> None:
    there = Match("link", ("1",), "e-mail")
    answer = confirm("003A", there, back)
    assert (answer.verdict, answer.ids) == (verdict, ("1",))
