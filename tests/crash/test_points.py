"""The list of crash points is the code's: a new write that no scenario passes fails here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.assigned import PAGE, assign, load, one_step_each, with_list
from tests.crash.drill import differences
from tests.crash.killing import HOLDERS
from tests.crash.points import PORTS, READS, WRITES, all_points, methods, points_of
from tests.crash.scenarios import SCENARIOS

HOW = "Add a scenario that passes it to tests/crash/scenarios.py, then run: python -m tests.crash.assigned"


def test_every_write_of_the_code_is_passed_by_a_scenario() -> None:
    passed = {point for listed in load().values() for _, point in listed}
    assert [point.name for point in all_points() if point.name not in passed] == [], HOW
    assert sorted(passed - {point.name for point in all_points()}) == [], HOW
    assert list(load()) == [scenario.name for scenario in SCENARIOS], HOW


def test_on_the_second_database_every_point_is_passed_once() -> None:
    chosen = [point for listed in one_step_each(load()).values() for _, point in listed]
    assert sorted(chosen) == sorted(point.name for point in all_points())


def test_the_page_lists_what_the_code_has() -> None:
    page = PAGE.read_text("utf-8")
    assert with_list(page, load()) == page, "run: python -m tests.crash.assigned"


@pytest.mark.parametrize("holder", sorted(PORTS))
def test_every_method_of_a_port_is_known_as_a_read_or_is_a_write(holder: str) -> None:
    assert methods(PORTS[holder]) >= READS[holder]
    assert all(callable(getattr(HOLDERS[holder], name)) for name in WRITES[holder])


def test_no_two_points_are_told_by_the_same_lines() -> None:
    points = all_points()
    assert len({point.name for point in points}) == len(points)
    places = [(point.file, point.first_line, point.method) for point in points]
    assert len(set(places)) == len(places)


SOURCE = """
class Applier:
    def write(self):
        self.sync.ledger.links("a")
        with self.sync.ledger.transaction():
            ledger.save_items(
                self.sync.ipaas.create("company", {}),
            )
        ledger.save_items([])
        send = self.sync.salesforce.update
        self.book.create("no port")
"""


def test_calls_are_found_by_port_and_method_also_where_one_is_only_handed_on() -> None:
    points = {p.name: (p.first_line, p.last_line) for p in points_of(SOURCE, Path("apply.py"))}
    assert points == {
        "apply.Applier.write: ledger.transaction": (5, 5),
        "apply.Applier.write: ipaas.create": (7, 7),
        "apply.Applier.write: ledger.save_items": (6, 8),
        "apply.Applier.write: ledger.save_items #2": (9, 9),
        "apply.Applier.write: salesforce.update": (10, 10),
    }


def test_a_pair_is_given_to_the_first_scenario_and_to_those_that_want_its_step_whole() -> None:
    first, second, *_ = all_points()
    made = assign({"first contact": [("plan", first.name)], "merged": [("plan", first.name), ("plan", second.name)]})
    assert made == {"first contact": {"plan": [first.name]}, "merged": {"plan": [second.name]}}
    whole = assign({"dry run": [("upsert_ipaas", first.name)], "both ways": [("upsert_ipaas", first.name)]})
    assert whole["both ways"] == whole["dry run"] == {"upsert_ipaas": [first.name]}


def test_what_is_lost_and_what_is_there_twice_is_told() -> None:
    assert differences({"a": [1, 2]}, {"a": [2, 1]}) == []
    assert differences({"a": [1, 2]}, {"a": [2, 2, 2]}) == ["a: lost 1", "a: too much 2", "a: too much 2"]
