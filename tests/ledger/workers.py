"""What the processes of the concurrency tests do; each gets its own ledger."""

from __future__ import annotations

import random

from airflow_provider_ipaas.ledger import SqlLedger
from tests.ledger.support import NOW, SCOPE, a_claim, a_link, a_run, an_item


def open_and_start(url: str, run_key: str) -> str:
    ledger = SqlLedger.open(url)
    return ledger.start_run(a_run(run_key)).run_key


def claim_all(url: str, run_key: str, ids: list[str], size: int) -> set[str]:
    """Claim all ids in an order of our own, in batches; return those that we got."""
    ledger = SqlLedger.open(url)
    shuffled = random.Random(run_key).sample(ids, len(ids))
    got: set[str] = set()
    for start in range(0, len(shuffled), size):
        mine = ledger.claim([a_claim(source_id, run_key) for source_id in shuffled[start : start + size]])
        assert not mine & got
        got |= mine
    return got


def take_all(url: str, run_key: str, ids: list[str]) -> set[str]:
    """Take over claims of a run that died; return those that we got."""
    ledger = SqlLedger.open(url)
    # As everybody knew them before anybody began: what one has taken already is not the dead run's any more.
    known = [a_claim(source_id, "dead") for source_id in ids]
    return {claim.source_id for claim in known if ledger.take_claim(claim, run_key, NOW)}


def link_all(url: str, name: str, count: int) -> int:
    """Link the same records to targets of our own; return how many of them we got."""
    ledger = SqlLedger.open(url)
    return sum(ledger.add_link(a_link(f"001{n}", f"{name}-{n}")) is not None for n in range(count))


def bump_link(url: str, times: int) -> int:
    """Add one to the link's counter *times* times, reading it again whenever somebody was faster."""
    ledger = SqlLedger.open(url)
    lost = 0
    for _ in range(times):
        while True:
            link = ledger.links(SCOPE, "account", "salesforce", ["001A"])["001A"]
            link.salesforce_showing = {"n": (link.salesforce_showing or {"n": 0})["n"] + 1}
            if ledger.save_link(link):
                break
            lost += 1
    return lost


def note_facts(url: str, name: str, times: int) -> None:
    ledger = SqlLedger.open(url)
    for number in range(times):
        ledger.update_run("r1", facts={f"{name}:{number}": number})


def add_same_items(url: str, name: str, count: int) -> None:
    """Add the same records as everybody else, in an order of our own, within a transaction."""
    ledger = SqlLedger.open(url)
    numbers = random.Random(name).sample(range(count), count)
    for start in range(0, count, 100):
        with ledger.transaction():
            ledger.add_items("r1", [an_item(str(n), stamp=name) for n in numbers[start : start + 100]])
