"""Several processes on one ledger at once: nothing twice, nothing lost."""

from __future__ import annotations

import os
import threading
from collections import Counter

from airflow_provider_ipaas.ledger import SqlLedger
from tests.ledger import workers
from tests.ledger.support import NOW, SCOPE, a_claim, a_link, a_run, an_item, in_processes

IDS = [f"001{n:012}" for n in range(500)]


def test_of_eight_processes_exactly_one_claims_each_id(ledger: SqlLedger, ledger_url: str) -> None:
    got = in_processes(workers.claim_all, [(ledger_url, f"run{n}", IDS, 25) for n in range(8)])
    counts = Counter(source_id for ids in got for source_id in ids)
    assert counts == dict.fromkeys(IDS, 1)
    owners = {key: claim.run_key for key, claim in ledger.claims(SCOPE, "account", "to_ipaas", IDS).items()}
    assert owners == {source_id: f"run{n}" for n, ids in enumerate(got) for source_id in ids}


def test_a_dead_runs_claims_are_taken_over_once(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.claim([a_claim(source_id, "dead") for source_id in IDS[:200]])
    got = in_processes(workers.take_all, [(ledger_url, f"run{n}", IDS[:200]) for n in range(4)])
    assert Counter(source_id for ids in got for source_id in ids) == dict.fromkeys(IDS[:200], 1)


def test_links_are_made_once_and_saved_without_losing_a_change(ledger: SqlLedger, ledger_url: str) -> None:
    made = in_processes(workers.link_all, [(ledger_url, f"p{n}", 100) for n in range(4)])
    assert sum(made) == ledger.count_links(SCOPE, "account") == 100
    ledger.add_link(a_link("001A", "c1"))
    in_processes(workers.bump_link, [(ledger_url, 40) for _ in range(4)])
    link = ledger.links(SCOPE, "account", "salesforce", ["001A"])["001A"]
    assert link.salesforce_showing == {"n": 160}
    assert link.version == 160


def test_facts_of_parallel_tasks_are_all_kept(ledger: SqlLedger, ledger_url: str) -> None:
    in_processes(workers.note_facts, [(ledger_url, f"task{n}", 40) for n in range(4)])
    run = ledger.run("r1")
    assert run is not None
    assert run.facts == {f"task{n}:{number}": number for n in range(4) for number in range(40)}


def test_the_same_items_are_added_by_several_without_a_deadlock(ledger: SqlLedger, ledger_url: str) -> None:
    in_processes(workers.add_same_items, [(ledger_url, f"p{n}", 500) for n in range(4)])
    assert ledger.count_items("r1", collection="account", side="salesforce") == 500


def test_several_processes_may_open_a_new_ledger_at_once(ledger_url: str) -> None:
    assert in_processes(workers.open_and_start, [(ledger_url, "same")] * 8) == ["same"] * 8
    assert SqlLedger.open(ledger_url).run("same") is not None


def test_threads_share_one_ledger(ledger: SqlLedger) -> None:
    got: list[set[str]] = []

    def work(run_key: str) -> None:
        mine = set()
        for source_id in IDS[:100]:
            mine |= ledger.claim([a_claim(source_id, run_key)])
        got.append(mine)

    threads = [threading.Thread(target=work, args=(f"run{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert Counter(source_id for ids in got for source_id in ids) == dict.fromkeys(IDS[:100], 1)


def test_a_forked_child_works_and_leaves_the_parents_transaction_alone(ledger: SqlLedger) -> None:
    walking = ledger.items("r1", collection="account", side="salesforce", batch=1)
    ledger.add_items("r1", [an_item("1"), an_item("2")])
    assert [item.record_id for item in next(walking)] == ["1"]
    child = os.fork()
    if child == 0:
        # No pytest in here: the exit code says how it went.
        try:
            ledger.start_run(a_run("child"))
            found = ledger.claim([a_claim("1", "child")])
            os._exit(0 if found == {"1"} and [i.record_id for i in next(walking)] == ["2"] else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ledger.run("child") is not None
    ledger.set_fact(SCOPE, "parent", True)
    assert ledger.fact(SCOPE, "parent") == (True, NOW)
    assert [item.record_id for item in next(walking)] == ["2"]
