"""The ledger in dictionaries answers what the real one answers: call by call, and over whole sequences."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Claim, Item, JournalEntry, Link, Run, Seen, Unresolved

from .clock import START
from .draw import draw
from .ledger import MemoryLedger
from .play import play, play_in
from .world import World

SCOPE = "scope"
ids = st.sampled_from(("a", "b", "c"))
some = st.lists(ids, max_size=3)
collections = st.sampled_from(("account", "contact"))
sides = st.sampled_from(("salesforce", "ipaas"))
directions = st.sampled_from(("to_ipaas", "to_salesforce"))
moments = st.sampled_from((None, START, START + timedelta(seconds=1), START - timedelta(hours=1)))
words = st.sampled_from((None, "x", "y"))
roles = st.sampled_from(("seen", "parent", "counterpart", "candidate"))
states = st.sampled_from(("captured", "planned", "done"))
outcomes = st.sampled_from((None, "created", "skipped", "parked", "failed"))
json = st.sampled_from((None, {}, {"changes": {"name": "x"}, "list": [1, None]}))
items = st.builds(
    Item,
    collections,
    sides,
    ids,
    role=roles,
    stamp=st.sampled_from((None, "2026-01-01", "2026-01-02")),
    record=json,
    email_key=words,
    name_key=words,
    external_id=words,
    captured_at=moments,
    state=states,
    op=st.sampled_from((None, "create", "link")),
    link_to=words,
    payload=json,
    outcome=outcomes,
    reason=words,
    warnings=st.sampled_from(((), ("x",), ("x", "y"))),
    conflicts_resolved=st.integers(0, 2),
)
links = st.builds(
    Link,
    st.just(SCOPE),
    collections,
    ids,
    ids,
    state=st.sampled_from(("active", "ipaas_deleted")),
    salesforce_showing=json,
    flips=st.sampled_from(({}, {"x": ["1"]})),
)
fates = st.sampled_from(("unchanged", "parked:why", "skipped:before_first_contact", "skipped:source_deleted"))
seen = st.builds(
    Seen,
    ids,
    stamp=words,
    email_key=words,
    name_key=words,
    number_key=words,
    external_id=words,
    baseline=st.booleans(),
    fate=fates,
)
waiting = st.builds(
    Unresolved, st.just(SCOPE), collections, directions, ids, st.just("why"), first_at=moments, last_at=moments,
    next_at=moments, mapping_fingerprint=st.sampled_from(("", "m")),
)  # fmt: skip
claims = st.builds(
    Claim, st.just(SCOPE), collections, directions, ids, st.sampled_from(("r1", "r2")), claimed_at=moments
)
claimed = st.sampled_from(("sending", "unknown", "done"))
runs = st.sampled_from(("r1", "r2", "unknown"))
entries = st.builds(
    JournalEntry, runs, st.just(SCOPE), collections, directions, ids, words, st.just("create"), st.just("intent")
)

Call = Callable[[Any], Any]


def calls(name: str, *arguments: Any, **named: Any) -> st.SearchStrategy[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(named))


given_run = st.just("r1")
a_call = st.one_of(
    calls("start_run", st.builds(Run, runs, st.just("dag"), st.just("run"), collections)),
    calls("run", runs),
    calls("update_run", runs, phase=st.sampled_from((None, "planned", "reported")), facts=json, summary=json),
    calls("restart_run", runs),
    calls("pin", ids, words.filter(bool)),
    calls("pinned", ids),
    calls("watermark", st.just(SCOPE), collections, sides),
    calls("set_watermark", st.just(SCOPE), collections, sides, moments.filter(bool), given_run),
    calls("fact", st.just(SCOPE), ids),
    calls("set_fact", st.just(SCOPE), ids, json),
    calls("drop_fact", st.just(SCOPE), ids),
    calls("links", st.just(SCOPE), collections, sides, some),
    calls("count_links", st.just(SCOPE), collections, active=st.booleans()),
    calls("matches", st.just(SCOPE), collections, st.sampled_from((None, "r1")), examples=st.sampled_from((1, 10))),
    calls("walk_links", st.just(SCOPE), collections, batch=st.sampled_from((1, 2, 500))),
    calls("add_link", links),
    calls("seen", st.just(SCOPE), collections, sides, some),
    calls("seen_by", st.just(SCOPE), collections, sides, st.sampled_from(("email_key", "external_id")), st.lists(words)),
    calls("save_seen", st.just(SCOPE), collections, sides, st.lists(seen, max_size=3)),
    calls("forget_seen", st.just(SCOPE), collections, sides, some),
    calls("any_external_id", st.just(SCOPE), collections, sides),
    calls("add_items", given_run, st.lists(items, max_size=4)),
    calls("items_by_id", given_run, collections, sides, some),
    calls("items_by_key", given_run, collections, sides, st.sampled_from(("email_key", "name_key")), st.lists(words)),
    calls("save_items", given_run, st.lists(items, max_size=3, unique_by=lambda i: (i.collection, i.side, i.record_id))),
    calls(
        "items",
        given_run,
        collection=collections,
        side=sides,
        roles=st.sampled_from((None, ("seen",), ("seen", "parent"))),
        state=st.one_of(st.none(), states),
        linking=st.booleans(),
        outcomes=st.sampled_from((None, ("failed", "parked"))),
        batch=st.sampled_from((1, 2, 500)),
    ),
    calls("count_items", given_run, collection=collections, side=sides, op=st.sampled_from((None, "create"))),
    calls("tally", given_run, collections, sides, roles),
    calls("drop_items", given_run),
    calls("unresolved", st.just(SCOPE), collections, directions, some),
    calls("due", st.just(SCOPE), collections, directions, st.just(START), st.sampled_from((1, 500)),
          mapping_fingerprint=st.sampled_from((None, "m")), reasons=st.sampled_from(((), ("why",)))),
    calls("save_unresolved", st.lists(waiting, max_size=3)),
    calls("clear_unresolved", st.just(SCOPE), collections, directions, some),
    calls("oldest_unresolved", st.just(SCOPE), collections, directions),
    calls("claim", st.lists(claims, max_size=3)),
    calls("claims", st.just(SCOPE), collections, directions, some),
    calls("open_claims", st.just(SCOPE), collections, directions),
    calls("take_claim", claims, st.sampled_from(("r1", "r2")), st.just(START)),
    calls("save_claims", st.lists(st.builds(lambda c, s: _with_state(c, s), claims, claimed), max_size=2)),
    calls("drop_claims", st.just(SCOPE), collections, directions, some),
    calls("journal", st.lists(entries, max_size=2)),
)  # fmt: skip


def _with_state(claim: Claim, state: Any) -> Claim:
    claim.state = state
    return claim


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    SqlLedger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="module")
def real(empty: Path) -> Iterator[Callable[[Callable[[], datetime]], SqlLedger]]:
    """Return what opens a real ledger that is empty, each in a file of its own."""
    opened: list[SqlLedger] = []

    def open_one(clock: Callable[[], datetime]) -> SqlLedger:
        path = empty.with_name(f"{len(opened)}.db")
        shutil.copy(empty, path)
        opened.append(SqlLedger.open(f"sqlite:///{path}", clock=clock))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


@settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(a_call, min_size=5, max_size=30), undone=st.integers(0, 30))
def test_every_call_answers_alike(
    real: Callable[[Callable[[], datetime]], SqlLedger], script: list[Any], undone: int
) -> None:
    """A few calls from the one with number *undone* on are made in a transaction that fails."""
    both = [MemoryLedger(lambda: START), real(lambda: START)]
    for ledger in both:
        ledger.start_run(Run("r1", "dag", "run", "account"))
    for number, (name, arguments, named) in enumerate(script):
        if number == undone:
            for ledger in both:
                _fail_in_transaction(ledger, script[number : number + 4])
        answers = [_answer(ledger, name, arguments, named) for ledger in both]
        assert answers[0] == answers[1], (name, arguments, named)


def test_saving_a_link_fits_id_and_version_alike(real: Callable[[Callable[[], datetime]], SqlLedger]) -> None:
    for ledger in (MemoryLedger(lambda: START), real(lambda: START)):
        first = ledger.add_link(Link(SCOPE, "account", "a", "1"))
        second = ledger.add_link(Link(SCOPE, "account", "b", "2"))
        assert first is not None
        assert second is not None
        first.flips["name"] = ["x"]
        assert ledger.links(SCOPE, "account", "ipaas", ["1"])["1"].flips == {}
        assert ledger.save_link(first)
        assert not ledger.save_link(first), "an old version"
        second.salesforce_id = "a"
        assert not ledger.save_link(second), "the id is linked already"
        second.salesforce_id = "c"
        assert ledger.save_link(second)
        assert list(ledger.links(SCOPE, "account", "salesforce", ["a", "b", "c"])) == ["a", "c"]


def _answer(ledger: Any, name: str, arguments: Any, named: Any) -> Any:
    try:
        found = getattr(ledger, name)(*arguments, **named)
        answer = list(found) if name in ("items", "due", "walk_links") else found
    except LedgerError:
        return "LedgerError"
    if name == "add_link" and answer is not None:
        answer.id = None
    if name in ("links", "walk_links"):
        for link in answer.values() if name == "links" else (link for batch in answer for link in batch):
            link.id = None
    return answer


class _Undo(Exception):
    """Ends a transaction."""


def _fail_in_transaction(ledger: Any, script: list[Any]) -> None:
    with pytest.raises((_Undo, LedgerError)), ledger.transaction():  # noqa: PT012 -- the transaction is what fails
        for name, arguments, named in script:
            _answer(ledger, name, arguments, named)
        raise _Undo


class SqlWorldLedger:
    """A real ledger where a world expects the one in dictionaries."""

    def __init__(self, ledger: SqlLedger, world: World) -> None:
        self._ledger = ledger
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @property
    def in_transaction(self) -> bool:
        return self._ledger._sessions._open.unit is not None

    def all_links(self, scope: str, collection: Any) -> list[Link]:
        return list(self._ledger.links(scope, collection, "ipaas", self._ids("ipaas", collection)).values())

    def all_unresolved(self, scope: str, collection: Any, direction: Any) -> list[Unresolved]:
        ids = self._ids("salesforce" if direction == "to_ipaas" else "ipaas", collection)
        return list(self._ledger.unresolved(scope, collection, direction, ids).values())

    def _ids(self, side: str, collection: str) -> list[str]:
        return [i for (of, kind, i) in self._world.oracle.cells if (of, kind) == (side, collection)]


@pytest.mark.parametrize("seed", range(60, 72))
def test_a_sequence_takes_the_same_course_on_both(
    real: Callable[[Callable[[], datetime]], SqlLedger], seed: int
) -> None:
    """Whatever is asked in whatever order, both services end as they do with the ledger in dictionaries."""
    config, ops = draw(seed)
    ops = [op for op in ops if op[0] not in ("snapshot", "restore", "lose")]
    world = World(config, tracing=True)
    world.use(SqlWorldLedger(real(world.clock.worker), world))
    outcome = play_in(world, ops)
    assert not outcome.violations
    assert outcome.trace == play(config, ops, tracing=True).trace
