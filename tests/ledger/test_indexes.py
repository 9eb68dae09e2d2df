"""Every look-up goes by an index, however much the ledger holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Seen
from tests.ledger.support import NOW, SCOPE, a_claim, a_link, an_item

IDS = [str(n) for n in range(50)]


@pytest.fixture
def filled(ledger: SqlLedger) -> SqlLedger:
    ledger.add_items("r1", [an_item(n, stamp=n if int(n) % 2 else None, email_key=n) for n in IDS])
    ledger.save_seen(SCOPE, "account", "ipaas", [Seen(n, email_key=n, external_id=n) for n in IDS])
    ledger.claim([a_claim(n, state="done") for n in IDS])
    for n in IDS:
        ledger.add_link(a_link(n, n))
    return ledger


def all_of(batches: Any) -> None:
    for _ in batches:
        pass


LOOKUPS: dict[str, Callable[[SqlLedger], object]] = {
    "run": lambda it: it.run("r1"),
    "links": lambda it: it.links(SCOPE, "account", "salesforce", IDS),
    "links back": lambda it: it.links(SCOPE, "account", "ipaas", IDS),
    "count_links": lambda it: it.count_links(SCOPE, "account"),
    "walk_links": lambda it: all_of(it.walk_links(SCOPE, "account", batch=7)),
    "seen": lambda it: it.seen(SCOPE, "account", "ipaas", IDS),
    "seen by email": lambda it: it.seen_by(SCOPE, "account", "ipaas", "email_key", IDS),
    "seen by name": lambda it: it.seen_by(SCOPE, "account", "ipaas", "name_key", IDS),
    "seen by number": lambda it: it.seen_by(SCOPE, "account", "ipaas", "number_key", IDS),
    "seen by external id": lambda it: it.seen_by(SCOPE, "account", "ipaas", "external_id", IDS),
    "any_external_id": lambda it: it.any_external_id(SCOPE, "account", "ipaas"),
    "items": lambda it: all_of(it.items("r1", collection="account", side="salesforce", batch=7)),
    "items in a state": lambda it: all_of(
        it.items("r1", collection="account", side="salesforce", state="captured", roles=("seen",), batch=7)
    ),
    "items by id": lambda it: it.items_by_id("r1", "account", "salesforce", IDS),
    "items by email": lambda it: it.items_by_key("r1", "account", "salesforce", "email_key", IDS),
    "count_items": lambda it: it.count_items("r1", collection="account", side="salesforce", state="captured"),
    "tally": lambda it: it.tally("r1", "account", "salesforce", "seen"),
    "unresolved": lambda it: it.unresolved(SCOPE, "account", "to_ipaas", IDS),
    "due": lambda it: all_of(it.due(SCOPE, "account", "to_ipaas", NOW)),
    "oldest_unresolved": lambda it: it.oldest_unresolved(SCOPE, "account", "to_ipaas"),
    "claims": lambda it: it.claims(SCOPE, "account", "to_ipaas", IDS),
    "open_claims": lambda it: it.open_claims(SCOPE, "account", "to_ipaas"),
    "prune": lambda it: it.prune(NOW),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_no_look_up_reads_a_whole_table(filled: SqlLedger, name: str) -> None:
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool) -> None:
        statements.append((statement, parameters))

    engine = filled._sessions.engine
    event.listen(engine, "before_cursor_execute", note)
    LOOKUPS[name](filled)
    event.remove(engine, "before_cursor_execute", note)
    queries = [(text, values) for text, values in statements if not text.startswith("BEGIN")]
    assert queries
    for text, values in queries:
        with engine.connect() as connection:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
        # Runs are few: pruning may look at all of them.
        scans = [step for step in steps if step.startswith("SCAN") and "ipaas_run" not in step]
        assert not [step for step in scans if "USING" not in step], (text, steps)
        if name.startswith(("items in", "due", "walk")) or name == "items":
            assert "USE TEMP B-TREE FOR ORDER BY" not in steps, (text, steps)
