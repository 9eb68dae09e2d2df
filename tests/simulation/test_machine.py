"""The same worlds under Hypothesis, which makes what fails small in its own way: rules for operations, checks after each."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from .config import POLICIES, SKEW_S, Config
from .draw import METHODS, REFUSALS, WAITS_S
from .ipaas import Reading
from .quiet import settle
from .world import World

collections = st.sampled_from(("account", "contact"))
sides = st.sampled_from(("salesforce", "ipaas"))
records = st.integers(0, 5)
fields = st.integers(0, 8)
variants = st.sampled_from((0, 1, 2, 3, 4, 5))
skews = st.sampled_from((0, -SKEW_S, SKEW_S))
seeds = st.integers(0, 2**16 - 1)
places = st.one_of(st.integers(0, 30), st.builds("{}:{}".format, st.sampled_from(METHODS), st.integers(0, 1)))
edits = st.tuples(st.just("edit"), sides, collections, records, fields, variants).map(list)
faults = st.one_of(
    st.sampled_from(("crash", "crash_after", "lost", "busy", "limit", "auth", "locator", "twice", "shuffled")).map(
        lambda kind: [kind]
    ),
    st.tuples(st.just("refuse"), st.integers(0, 3), st.sampled_from(REFUSALS)).map(list),
    st.tuples(st.just("users"), edits).map(list),
)
calls = st.lists(st.tuples(places, faults).map(lambda pair: [pair[0], *pair[1]]), max_size=2)
deaths = st.lists(st.tuples(st.integers(0, 120), st.sampled_from(("before", "after"))).map(list), max_size=1)
params = st.sampled_from(
    (
        *({},) * 6,
        *({"direction": way} for way in ("to_ipaas", "to_salesforce")),
        *({name: True} for name in ("full", "dry_run")),
        {"record_ids": [1]},
        {"max_creates": 0},
        *({name: True} for name in ("confirm_first_contact", "allow_mass_change")),
    )
)
runs = st.tuples(collections, params, calls, deaths, seeds, st.integers(0, 1)).map(list)
configs = st.builds(
    Config,
    external_id_field=st.booleans(),
    normalise_phones=st.booleans(),
    page_is_fresh=st.booleans(),
    policy=st.sampled_from(POLICIES),
    ids_on_write=st.sampled_from(("auto", "endpoint")),
    first_contact=st.sampled_from(("create", "create", "link_only")),
    brakes=st.booleans(),
    salesforce_s=skews,
    ipaas_s=skews,
    worker_s=skews,
    reading=st.builds(Reading, *[st.booleans()] * len(Reading.__dataclass_fields__)),
)


class TwoServices(RuleBasedStateMachine):
    """Users edit both services, runs keep them in step, and everything that can go wrong does."""

    world: World

    @initialize(config=configs)
    def begin(self, config: Config) -> None:
        self.world = World(config)

    def apply(self, *op: Any) -> None:
        self.world.apply(list(op))

    @rule(side=sides, collection=collections, parent=st.integers(-1, 5), filled=st.integers(0, 4095), variant=variants)
    def new(self, side: str, collection: str, parent: int, filled: int, variant: int) -> None:
        self.apply("new", side, collection, parent, filled, variant)

    @rule(edit=edits)
    def edit(self, edit: list[Any]) -> None:
        self.apply(*edit)

    @rule(side=sides, collection=collections, record=records, field=fields)
    def blank(self, side: str, collection: str, record: int, field: int) -> None:
        self.apply("blank", side, collection, record, field)

    @rule(name=st.sampled_from(("delete", "undelete")), side=sides, collection=collections, record=records)
    def delete(self, name: str, side: str, collection: str, record: int) -> None:
        self.apply(name, side, collection, record)

    @rule(collection=collections, winner=records, loser=records, taken=st.integers(0, 511))
    def merge(self, collection: str, winner: int, loser: int, taken: int) -> None:
        self.apply("merge", collection, winner, loser, taken)

    @rule(contact=records, account=st.integers(-1, 5))
    def reparent(self, contact: int, account: int) -> None:
        self.apply("reparent", contact, account)

    @rule(collection=collections, record=st.integers(-1, 5), field=fields)
    def open(self, collection: str, record: int, field: int) -> None:
        self.apply("open", collection, record, field)

    @rule(collection=collections, field=fields, left=st.integers(1, 3), delayed=st.integers(0, 1))
    def flow(self, collection: str, field: int, left: int, delayed: int) -> None:
        self.apply("flow", collection, field, left, delayed)

    @rule(name=st.sampled_from(("commit", "delayed", "show", "snapshot", "restore", "lose", "clear")))
    def happen(self, name: str) -> None:
        self.apply(name)

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: int) -> None:
        self.apply("wait", seconds)

    @rule(side=sides, collection=collections, record=records, field=fields)
    def tug(self, side: str, collection: str, record: int, field: int) -> None:
        self.apply("tug", side, collection, record, field)

    @rule(told=runs)
    def run(self, told: list[Any]) -> None:
        self.apply("run", *told)

    @rule(first=runs, second=runs, seed=seeds)
    def two(self, first: list[Any], second: list[Any], seed: int) -> None:
        self.apply("two", first, second, seed)

    @rule(told=runs, number=st.integers(0, 5), seed=seeds)
    def zombie(self, told: list[Any], number: int, seed: int) -> None:
        self.apply("zombie", told, number, seed)

    @rule(edits=st.lists(edits, min_size=2, max_size=7))
    def burst(self, edits: list[list[Any]]) -> None:
        self.apply("burst", edits)

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world"):
            assert not self.world.oracle.violations, self.world.oracle.violations

    def teardown(self) -> None:
        if hasattr(self, "world") and not self.world.oracle.violations:
            settle(self.world)
            assert not self.world.oracle.violations, self.world.oracle.violations


TestTwoServices = TwoServices.TestCase
TestTwoServices.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
