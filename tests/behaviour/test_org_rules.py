"""What an org has set up: record types, and the fields that come with them."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_ipaas.errors import ConfigurationError
from tests.behaviour import world
from tests.support.rig import Rig

TYPE = "0125g00000abcDEAAY"


def test_record_types_that_an_org_does_not_have_are_named_before_anything_is_read(rig: Rig, tmp_path: Path) -> None:
    """An org without record types has no RecordTypeId."""
    rule = f"type: {{salesforce: RecordTypeId, constant: {TYPE}, direction: to_salesforce}}"
    world.map_fields(rig, tmp_path / "mappings", "account", rule)
    world.company(rig, "There")
    result = rig.run("account", full=True)
    (error,) = result.errors.values()
    assert isinstance(error, ConfigurationError)
    assert "RecordTypeId" in error.message
    assert "mapping" in error.next_step
    assert world.salesforce_rows(rig, "Account") == []
    rig.mapping_dir = None
    assert rig.run("account", full=True).ok["to_salesforce"]["created"] == 1


def test_a_record_type_that_the_user_may_not_use_refuses_its_record_only(rig: Rig) -> None:
    rig.run("account").ok  # noqa: B018
    bad = world.company(rig, "Partner")
    world.company(rig, "Plain")
    refused = {
        "type": "record_error",
        "code": "INVALID_CROSS_REFERENCE_KEY",
        "message": f"Record Type ID: this ID value isn't valid for the user: {TYPE}",
        "fields": ["RecordTypeId"],
        "where": {"Name": "Partner"},
    }
    with rig.fault(service="salesforce", path="composite/sobjects", action=refused):
        result = rig.run("account").ok
    assert (result["to_salesforce"]["created"], result["to_salesforce"]["failed"]) == (1, 1)
    (error,) = result["to_salesforce"]["errors"]
    assert (error["source_id"], error["code"]) == (bad, "INVALID_CROSS_REFERENCE_KEY")
    assert "RecordTypeId" in error["message"]
    assert error["next_step"]
    assert rig.run("account").ok["to_salesforce"]["failed"] == 0, "told once"
