"""Sequences of operations drawn from a seed. Everything drawn is plain data that a file can keep."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .config import Config, draw_config

Op = list[Any]
COLLECTIONS = ("account", "contact")
REFUSALS = (
    "UNABLE_TO_LOCK_ROW",
    "DUPLICATES_DETECTED",
    "STRING_TOO_LONG",
    "FIELD_INTEGRITY_EXCEPTION",
    "SOMETHING_NEW",
)
METHODS = (
    "create",
    "create",
    "upsert",
    "job",
    "open_job",
    "update",
    "update",
    "link",
    "link",
    "retrieve",
    "get",
    "find",
    "query",
    "list",
)
WAITS_S = (0, 0, 1, 20, 300, 300, 900, 900, 3600, 3600, 86_400, 8 * 86_400)


def draw(seed: int) -> tuple[Config, list[Op]]:
    """Draw a world and what happens in it."""
    return Draw(random.Random(seed)).sequence()


class Draw:
    """Draws operations; *calm* sequences are without faults."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.calm = rng.random() < 0.2
        self.contacts = rng.random() < 0.6
        self.kinds = self._kinds()

    def sequence(self) -> tuple[Config, list[Op]]:
        rng = self.rng
        config = draw_config(rng)
        ops = [self.new() for _ in range(rng.randint(1, 4))]
        kinds = list(self.kinds.values())
        for draw_op, _ in rng.choices(kinds, [weight for _, weight in kinds], k=rng.randint(8, 22)):
            ops.append(draw_op())
        return config, ops

    def _kinds(self) -> dict[str, tuple[Callable[[], Op], float]]:
        faulty = 0 if self.calm else 1
        return {
            "run": (self.run, 10),
            "edit": (self.edit, 9),
            "new": (self.new, 4),
            "wait": (lambda: ["wait", self.rng.choice(WAITS_S)], 3),
            "blank": (lambda: ["blank", self.side(), self.collection(), self.record(), self.field()], 1.2),
            "delete": (lambda: ["delete", self.side(), self.collection(), self.record()], 1),
            "undelete": (lambda: ["undelete", self.side(), self.collection(), self.record()], 1),
            "purge": (lambda: ["purge", self.collection(), self.record()], 0.2),
            "merge": (lambda: ["merge", self.collection(), self.record(), self.record(), self.rng.getrandbits(9)], 0.8),
            "reparent": (lambda: ["reparent", self.record(), self.rng.randint(-1, 5)], 0.7 * self.contacts),
            "touch": (lambda: ["touch", self.collection(), self.record()], 0.4),
            "hide": (lambda: ["hide", self.collection(), self.record()], 0.3),
            "show": (lambda: ["show"], 0.3),
            "take": (lambda: ["take", self.collection(), self.field(), self.rng.randint(0, 1)], 0.4),
            "give": (lambda: ["give"], 0.4),
            "open": (lambda: ["open", self.collection(), self.rng.randint(-1, 5), self.field()], 0.7),
            "commit": (lambda: ["commit"], 0.7),
            "flow": (self.flow, 0.6),
            "delayed": (lambda: ["delayed"], 0.4),
            "link": (lambda: ["link", self.collection(), self.record(), self.record(), self.rng.randint(0, 1)], 0.4),
            "burst": (self.burst, 0.6),
            "tug": (lambda: ["tug", self.side(), self.collection(), self.record(), self.field()], 0.1),
            "two": (self.two, 1.5 * faulty),
            "zombie": (self.zombie, 0.4 * faulty),
            "snapshot": (lambda: ["snapshot"], 0.5 * faulty),
            "restore": (lambda: ["restore"], 0.4 * faulty),
            "lose": (lambda: ["lose"], 0.15 * faulty),
            "task": (lambda: ["task", self.rng.randint(0, 5)], 0.2),
            "clear": (lambda: ["clear"], 0.4),
            "wrong_org": (lambda: ["wrong_org", self.collection()], 0.1),
        }

    def side(self) -> str:
        return "salesforce" if self.rng.random() < 0.5 else "ipaas"

    def collection(self) -> str:
        return "contact" if self.contacts and self.rng.random() < 0.5 else "account"

    def record(self) -> int:
        return self.rng.randint(0, 5)

    def field(self) -> int:
        return self.rng.randint(0, 8)

    def variant(self) -> int:
        return self.rng.choice((0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 4, 5, 5))

    def new(self) -> Op:
        filled = self.rng.getrandbits(9) | (self.rng.random() < 0.1) << 10 | (self.rng.random() < 0.08) << 11
        return [
            "new",
            self.side(),
            self.collection(),
            self.rng.randint(-1, 5),
            int(filled),
            self.rng.choice((0, 0, 0, 5, 1, 3)),
        ]

    def edit(self) -> Op:
        return ["edit", self.side(), self.collection(), self.record(), self.field(), self.variant()]

    def flow(self) -> Op:
        return ["flow", self.collection(), self.field(), self.rng.randint(1, 3), self.rng.randint(0, 1)]

    def users(self) -> Op:
        """Draw what a user does in the middle of a run."""
        names = [
            "edit",
            "edit",
            "edit",
            "edit",
            "new",
            "blank",
            "delete",
            "undelete",
            "merge",
            "reparent",
            "open",
            "commit",
        ]
        return self.kinds[self.rng.choice(names)][0]()

    def two(self) -> Op:
        first, second = self.run()[1:], self.run()[1:]
        if self.rng.random() < 0.5:
            second[0] = first[0]
        return ["two", first, second, self.rng.getrandbits(30)]

    def burst(self) -> Op:
        """Draw what happens within one second: more records than a page holds, or edits on top of each other."""
        names = ("new", "edit") if self.rng.random() < 0.5 else ("edit", "edit", "blank")
        return ["burst", [self.kinds[self.rng.choice(names)][0]() for _ in range(self.rng.randint(2, 7))]]

    def zombie(self) -> Op:
        return ["zombie", self.run()[1:], self.rng.randint(0, 5), self.rng.getrandbits(30)]

    def run(self) -> Op:
        """Draw a run: collection, params, faults of service calls, deaths at ledger calls, seed, abandoned."""
        rng = self.rng
        calls: list[list[Any]] = []
        deaths: list[list[Any]] = []
        if rng.random() < 0.4:
            calls += [[self._place(), "users", self.users()] for _ in range(rng.randint(1, 2))]
        if not self.calm and rng.random() < 0.4:
            faults = [self._fault() for _ in range(1 if rng.random() < 0.8 else 2)]
            # A locator is lost between pages only.
            calls += [[f"query:{rng.randint(1, 4)}" if f[0] == "locator" else self._place(), *f] for f in faults]
        if not self.calm and rng.random() < 0.15:
            deaths.append([int(rng.expovariate(1 / 40)), rng.choice(("before", "after"))])
        abandoned = int(not self.calm and rng.random() < 0.3)
        return ["run", self.collection(), self.params(), calls, deaths, rng.getrandbits(16), abandoned]

    def _place(self) -> int | str:
        """Draw where in a run: any call, or one of those that matter."""
        if self.rng.random() < 0.6:
            return int(self.rng.expovariate(1 / 9))
        return f"{self.rng.choice(METHODS)}:{self.rng.choice((0, 0, 0, 1))}"

    def _fault(self) -> list[Any]:
        kind = self.rng.choice(
            (
                "crash",
                "crash",
                "crash_after",
                "crash_after",
                "lost",
                "lost",
                "busy",
                "limit",
                "auth",
                "locator",
                "twice",
                "shuffled",
                "refuse",
            )
        )
        return [kind, self.rng.randint(0, 3), self.rng.choice(REFUSALS)] if kind == "refuse" else [kind]

    def params(self) -> dict[str, Any]:
        chance = self.rng.random()
        if chance < 0.7:
            return {}
        if chance < 0.78:
            return {"direction": self.rng.choice(("to_ipaas", "to_salesforce"))}
        if chance < 0.86:
            return {"record_ids": [self.record() for _ in range(self.rng.randint(1, 2))]}
        if chance < 0.92:
            return {"dry_run": True}
        if chance < 0.96:
            return {"full": True}
        if chance < 0.98:
            return {"max_creates": self.rng.randint(0, 1)}
        return {self.rng.choice(("confirm_first_contact", "allow_mass_change")): True}
