"""What runs cost in calls, exactly: a change that makes a run ask more often shows here."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from tests.behaviour.world import edit_company, edit_salesforce, later
from tests.support.rig import STEPS, Result, Rig

N = 41
QUERY = "GET /services/data/v{version}/query"
QUERY_ALL = "GET /services/data/v{version}/queryAll"
UPDATED = "GET /services/data/v{version}/sobjects/{sobject}/updated/"
DESCRIBE = "GET /services/data/v{version}/sobjects/{sobject}/describe"
RETRIEVE = "POST /services/data/v{version}/composite/sobjects/{sobject}"
PATCH = "PATCH /services/data/v{version}/composite/sobjects"
LIST = "GET /customers/v2/Customer/Companies"
GET = "GET /customers/v2/Customer/Company/{id}"
CREATE = "POST /customers/v2/Customer/Company"
PUT = "PUT /customers/v2/Customer/Company/{id}"
FIND = "POST /customers/v2/External/LookupSpecial"
LOOK_BACK = "GET /customers/v2/External/LookupExternal/{id}/{system_id}/{table}"
LINK = "POST /customers/v2/External/UpdateExternalId"
TABLES = "GET /subscriptions/v2/Lookup/Tables"


class Counted:
    """A run with its calls by step and service."""

    def __init__(self, rig: Rig, **params: Any) -> None:
        self.calls: dict[str, dict[str, Counter[str]]] = {}
        steps = {name: STEPS[name] for name in STEPS}
        self._rig = rig
        with pytest.MonkeyPatch.context() as patch:
            for name, step in steps.items():
                patch.setitem(STEPS, name, self._counting(name, step))
            self.result: Result = rig.run("account", **params).ok

    def _counting(self, name: str, step: Any) -> Any:
        def run(sync: Any) -> Any:
            self._rig.control("POST", "calls/reset")
            try:
                return step(sync)
            finally:
                counted = self._rig.calls()
                self.calls[name] = {s: Counter(counted[s]["endpoints"]) for s in ("salesforce", "ipaas")}

        return run

    def of(self, service: str, *steps: str) -> dict[str, int]:
        """Return the calls of these steps, of all when none is named."""
        total: Counter[str] = Counter()
        for step in steps or STEPS:
            total += self.calls[step][service]
        return dict(total)


@pytest.fixture
def accounts(rig: Rig) -> list[str]:
    """Accounts that were changed within the window but before the last minutes; their ids."""
    seed_n(N, rig.sandbox.salesforce, rig.sandbox.ipaas)
    return [str(row["Id"]) for row in rig.sandbox.salesforce.rows("Account")]


@pytest.fixture
def synced(rig: Rig, accounts: list[str]) -> list[str]:
    """The Accounts after a full first load, with the canary of each kind of write behind them."""
    rig.run("account", full=True).ok  # noqa: B018
    edit_salesforce(rig, accounts[0], Phone="+1 999 1")
    edit_company(rig, _company_ids(rig)[1], url="https://canary.example.com")
    rig.run("account").ok  # noqa: B018
    later(rig, minutes=20)
    rig.run("account").ok  # noqa: B018
    return accounts


def _company_ids(rig: Rig) -> list[str]:
    return [str(record.number) for record in rig.sandbox.ipaas.tables["company"]]


@pytest.mark.parametrize(("reading", "links"), [("ignored", N), ("stored", 0)])
def test_a_create_takes_two_look_ups_and_one_write(rig: Rig, accounts: list[str], reading: str, links: int) -> None:
    rig.switch("ipaas", nested_external_ids_on_write=reading)
    run = Counted(rig, full=True)
    assert run.result.counts("to_ipaas") == {"created": len(accounts)}
    canary = {GET: 1, LOOK_BACK: 1, TABLES: 1}
    expected = {FIND: N, LIST: N, CREATE: N, LINK: links, **canary}
    assert run.of("ipaas", "upsert_ipaas") == {name: n for name, n in expected.items() if n}
    # No Salesforce call for each record: one page of rows, and a look for external ids that are there already.
    assert run.of("salesforce") == {DESCRIBE: 1, UPDATED: 1, QUERY: 2}


def test_a_poll_with_nothing_new_reads_stamps_and_writes_nothing(rig: Rig, synced: list[str]) -> None:
    run = Counted(rig)
    assert run.result.counts("to_ipaas") == {"unchanged": len(synced)}
    assert run.of("salesforce") == {UPDATED: 1, QUERY_ALL: 1}
    # Rows of the list are short: each record is read whole.
    assert run.of("ipaas") == {LIST: 1, GET: N}


def test_whole_list_rows_spare_the_reads_by_id(rig: Rig, synced: list[str]) -> None:
    rig.switch("ipaas", list_rows="whole")
    run = Counted(rig)
    assert run.result.counts("to_ipaas") == {"unchanged": len(synced)}
    assert run.of("ipaas") == {LIST: 1}


def test_a_changed_account_takes_one_read_and_one_write(rig: Rig, synced: list[str]) -> None:
    for number, record_id in enumerate(synced):
        edit_salesforce(rig, record_id, Phone=f"+1 999 {number:04d}")
    run = Counted(rig)
    assert run.result.counts("to_ipaas") == {"updated": N}
    assert run.of("ipaas", "upsert_ipaas") == {GET: N, PUT: N}
    assert run.of("ipaas", "prerequisites", "plan", "upsert_salesforce") == {}
    assert run.of("salesforce") == {UPDATED: 1, QUERY_ALL: 2}


def test_changed_companies_go_to_salesforce_in_batches(rig: Rig, synced: list[str]) -> None:
    for number, record_id in enumerate(_company_ids(rig)):
        edit_company(rig, record_id, url=f"https://edited{number}.example.com")
    run = Counted(rig)
    assert run.result.counts("to_salesforce") == {"updated": N}
    # Read before and after one write of up to 200.
    assert run.of("salesforce", "upsert_salesforce") == {RETRIEVE: 2, PATCH: 1}
    # The counterparts of what changed, one query for up to 400.
    assert run.of("salesforce", "prerequisites") == {QUERY_ALL: 1}
    assert run.of("ipaas", "upsert_ipaas", "upsert_salesforce", "plan", "prerequisites") == {}
