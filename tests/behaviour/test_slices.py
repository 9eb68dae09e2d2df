"""Reads of iPaaS.com that scale: listed rows, what they show as changed, and a slice of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from airflow_provider_ipaas.sync.slices import is_turn
from tests.behaviour import world
from tests.support.rig import Rig

N = 60


@pytest.fixture(autouse=True)
def _midnight(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the workers' clock stand but for `later`, from a midnight on: whose turn it is then is the same in each test run."""
    midnight = rig.now().replace(hour=0, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(rig, "now", lambda: midnight + rig.offset)


@pytest.fixture
def many(rig: Rig) -> Rig:
    """More linked records than are read whole each time, with nothing left to do; rows are short."""
    rig.settings = {"small_listing": 10}
    seed_n(N, rig.sandbox.salesforce, rig.sandbox.ipaas)
    rig.run("account", full=True, max_creates=None).ok  # noqa: B018
    # What we wrote is read whole once, and stands from then on.
    world.later(rig, minutes=15)
    rig.run("account").ok  # noqa: B018
    return rig


def whole_reads(rig: Rig, minutes: int = 15, collection: str = "account", **params: Any) -> int:
    """Run after a pause; return how many records were read by id."""
    world.later(rig, minutes=minutes)
    rig.control("POST", "calls/reset")
    rig.run(collection, **params).ok  # noqa: B018
    path = "Customer/Company" if collection == "account" else "Customer"
    return int(rig.calls()["ipaas"]["endpoints"].get(f"GET /customers/v2/{path}/{{id}}", 0))


def test_a_poll_reads_the_rows_and_a_slice_of_the_records(many: Rig) -> None:
    slices = [whole_reads(many) for _ in range(16)]
    assert sum(slices) < N
    assert max(slices) < N / 4


def test_every_record_is_read_whole_once_in_a_period_and_no_more(many: Rig) -> None:
    reads = [whole_reads(many, minutes=120) for _ in range(12)]
    assert sum(reads) == N
    assert max(reads) < N / 2


def test_an_edit_that_the_row_shows_is_taken_at_once(many: Rig) -> None:
    company = str(world.companies(many)[7]["id"])
    world.edit_company(many, company, phone_number="+1 512 555 0199")
    world.later(many, minutes=15)
    assert many.run("account").ok.counts("to_salesforce")["updated"] == 1


def test_an_edit_that_the_row_hides_is_taken_within_the_period(many: Rig) -> None:
    company = str(world.companies(many)[7]["id"])
    world.edit_company(many, company, addresses=[world.item(billing=True)])
    updated = []
    for _ in range(12):
        world.later(many, minutes=120)
        updated.append(many.run("account").ok["to_salesforce"]["updated"])
    assert sum(updated) == 1
    partner = world.raw_salesforce(many, str(world.external_id(many, "company", company)))
    assert partner["BillingCity"] == "Austin"


@pytest.mark.parametrize("params", [{"full": True}, {"backfill": True}])
def test_a_full_run_reads_every_record_whole(many: Rig, params: dict[str, Any]) -> None:
    company = str(world.companies(many)[7]["id"])
    world.edit_company(many, company, addresses=[world.item(billing=True)])
    assert whole_reads(many, **params) >= N


def test_another_mapping_reads_every_record_whole_once(many: Rig, tmp_path: Any) -> None:
    (tmp_path / "account.yaml").write_text("version: 1\nfields:\n  fax: {enabled: false}\n")
    many.mapping_dir = tmp_path
    assert whole_reads(many) == N
    assert whole_reads(many) < N / 4


def test_few_records_are_all_read_whole(many: Rig) -> None:
    many.settings = {"small_listing": N}
    assert whole_reads(many) == N


def test_without_a_period_all_are_read_whole(many: Rig) -> None:
    many.settings = {"small_listing": 10, "deep_check": timedelta()}
    assert whole_reads(many) == N


def test_a_change_that_a_lost_run_has_read_is_not_taken_for_done(many: Rig) -> None:
    """Read whole by a run that ended before it decided: the row shows the same next time, and is read again."""
    company = str(world.companies(many)[7]["id"])
    world.edit_company(many, company, phone_number="+1 512 555 0188")
    world.later(many, minutes=15)
    many.step("extract_salesforce", many.sync("account", "lost", {}))
    many.step("extract_ipaas", many.sync("account", "lost", {}))
    world.later(many, minutes=15)
    assert many.run("account").ok.counts("to_salesforce")["updated"] == 1


def test_a_deleted_record_and_one_that_is_back_are_noticed_at_once(many: Rig) -> None:
    company = str(world.companies(many)[7]["id"])
    account = str(world.external_id(many, "company", company))
    many.sandbox.ipaas.remove("company", int(company), "deactivate")
    world.edit_salesforce(many, account, Phone="+1 512 555 0100")
    world.later(many, minutes=15)
    assert many.run("account").ok["to_ipaas"]["skipped_by_reason"] == {"target_deleted": 1}


def test_old_customers_of_a_first_contact_stand_for_themselves(rig: Rig) -> None:
    """Known from the first listing on, and never a source until they change: no reason to read them with every poll."""
    rig.settings = {"small_listing": 10}
    seed_n(0, rig.sandbox.salesforce, rig.sandbox.ipaas, customers=N)
    assert whole_reads(rig, minutes=30 * 24 * 60, collection="contact") == N
    assert whole_reads(rig, collection="contact") < N / 4
    reads = [whole_reads(rig, minutes=120, collection="contact") for _ in range(12)]
    assert sum(reads) == N
    customer = world.customers(rig)[7]
    world.edit_customer(rig, str(customer["id"]), last_name="Edited")
    world.later(rig, minutes=15)
    assert rig.run("contact").ok.counts("to_salesforce") == {"created": 1}


def test_old_customers_are_read_again_where_the_window_grows(rig: Rig) -> None:
    rig.settings = {"small_listing": 10}
    seed_n(0, rig.sandbox.salesforce, rig.sandbox.ipaas, customers=N)
    whole_reads(rig, minutes=30 * 24 * 60, collection="contact")
    assert whole_reads(rig, collection="contact", poll_days=365, max_creates=None) == N
    assert len(world.salesforce_rows(rig, "Contact")) == N


def test_after_a_pause_turns_are_made_up_for_in_portions_and_told(many: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        whole_reads(many)
    told, reads = [], []
    for pause in (30 * 60, *[1] * 8):
        world.later(many, minutes=pause)
        many.control("POST", "calls/reset")
        told.append(many.run("account").ok.summary.get("overdue_reads", 0))
        reads.append(int(many.calls()["ipaas"]["endpoints"].get("GET /customers/v2/Customer/Company/{id}", 0)))
    assert reads[:6] == [10] * 6  # `small_listing` is more than eight slices
    assert sum(reads[6:]) <= 2
    assert told == [50, 40, 30, 20, 10, 0, 0, 0, 0]
    assert "Runs have paused: the turns of 50 more records" in caplog.text


def test_runs_that_are_far_between_put_nothing_off(many: Rig) -> None:
    for _ in range(3):
        whole_reads(many, minutes=24 * 60)
    world.later(many, minutes=24 * 60)
    many.control("POST", "calls/reset")
    assert "overdue_reads" not in many.run("account").ok.summary
    assert many.calls()["ipaas"]["endpoints"]["GET /customers/v2/Customer/Company/{id}"] == N


def test_turns_are_spread_evenly_and_come_once_in_a_period() -> None:
    period = timedelta(hours=24)
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    ids = [f"{number}" for number in range(2400)]
    by_hour = [
        sum(is_turn(i, start + timedelta(hours=hour), start + timedelta(hours=hour + 1), period) for i in ids)
        for hour in range(24)
    ]
    assert sum(by_hour) == len(ids)
    assert 50 < min(by_hour) <= max(by_hour) < 150
    assert all(is_turn(i, start, start + period, period) for i in ids)
