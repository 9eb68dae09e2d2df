"""Which batches go to Salesforce at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.sync.model import Item
from airflow_provider_ipaas.sync.waves import CALM, MOST, Lanes, Waves

Locks = dict[str, str]


def waves_of(locks: list[list[str]], lanes: int = MOST) -> tuple[Waves, Locks]:
    """Make batches of records, each with the id of what it locks."""
    known: Locks = {}
    batches = []
    for number, batch in enumerate(locks):
        batches.append([Item("account", "ipaas", f"{number}.{at}") for at in range(len(batch))])
        known |= {f"{number}.{at}": lock for at, lock in enumerate(batch)}
    return Waves(batches, lambda item: known[item.record_id], lambda: lanes), known


def numbers(waves: Waves) -> list[list[str]]:
    return [[batch[0].record_id.split(".")[0] for batch in wave] for wave in waves]


def test_batches_that_lock_nothing_go_as_many_at_once_as_there_are_lanes() -> None:
    waves, _ = waves_of([[""]] * 6, 4)
    assert numbers(waves) == [["0", "1", "2", "3"], ["4", "5"]]


def test_batches_that_lock_the_same_record_never_go_at_once() -> None:
    waves, _ = waves_of([["a", "b"], ["b", "c"], ["c"], ["d"]])
    assert numbers(waves) == [["0", "2", "3"], ["1"]]


@given(
    st.lists(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), min_size=1, max_size=4), max_size=9), st.integers(1, 5)
)
def test_each_record_goes_once_and_beside_nothing_with_its_lock(locks: list[list[str]], lanes: int) -> None:
    waves, known = waves_of(locks, lanes)
    gone: list[str] = []
    for wave in waves:
        assert 0 < len(wave) <= lanes
        assert waves.size == len(wave)
        held = [{known[item.record_id] for item in batch} - {""} for batch in wave]
        assert sum(map(len, held)) == len(set().union(*held))
        gone += [item.record_id for batch in wave for item in batch]
    assert sorted(gone) == sorted(known)


def test_a_batch_that_is_to_go_again_is_the_first_of_the_next_wave() -> None:
    waves, _ = waves_of([[""]] * 3, 2)
    going = iter(waves)
    first = next(going)
    waves.again(first[1])
    assert next(going) == [first[1], [Item("account", "ipaas", "2.0")]]
    assert next(going, None) is None


def test_lanes_are_halved_by_a_crowd_and_come_back_one_by_one() -> None:
    lanes = Lanes()
    for expected in (2, 1, 1):
        lanes.note(crowded=True)
        assert lanes.count == expected
    for expected in (2, 3, 4, 4):
        for _ in range(CALM):
            lanes.note(crowded=False)
        assert lanes.count == expected
