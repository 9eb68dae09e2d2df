"""The metadata Airflow discovers: valid, light, and really shown by a real Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from functools import cache
from importlib.metadata import distribution, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from airflow_provider_ipaas import __version__
from airflow_provider_ipaas.get_provider_info import get_provider_info

DISTRIBUTION = "airflow-provider-ipaas"
CONN_TYPES = {"salesforce_connected_app": "salesforce_connected_app_default", "ipaas": "ipaas_default"}
FIELDS = {
    "salesforce_connected_app": {
        "auth_flow",
        "refresh_token",
        "token_url",
        "username",
        "private_key",
        "audience",
        "org_id",
        "api_version",
        "account_poll_days",
        "contact_poll_days",
        "retry_base_minutes",
        "retry_max_hours",
        "external_id_field",
        "first_contact",
        "max_changed_percent",
        "max_changed_records",
        "max_blanked_percent",
        "api_warn_percent",
        "api_stop_percent",
        "max_calls_per_run",
        "bulk_threshold",
    },
    "ipaas": {
        "auth_mode",
        "company_id",
        "system_id",
        "headers",
        "max_concurrency",
        "requests_per_second",
        "deep_check_hours",
        "api_profile",
        "default_country",
    },
}


def _schema(name: str) -> dict[str, Any]:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    schema: dict[str, Any] = json.loads((Path(spec.origin).parent / name).read_text("utf-8"))
    return schema


def _run(*command: str) -> str:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def _discovered() -> dict[str, Any]:
    """Let a fresh process ask Airflow's own code what the connection forms look like."""
    program = """
        import json
        from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
        from airflow.providers_manager import ProvidersManager
        from airflow.sdk.module_loading import import_string

        hooks = ProvidersManager().hooks
        print("RESULT" + json.dumps({
            "forms": {meta.connection_type: meta.model_dump(mode="json") for meta in HookMetaService.hook_meta_data()},
            "hooks": {
                name: {
                    "class": hooks[name].hook_class_name,
                    "package": hooks[name].package_name,
                    "default": import_string(hooks[name].hook_class_name).default_conn_name,
                }
                for name in ("salesforce_connected_app", "ipaas") if hooks.get(name)
            },
        }, default=str))
    """
    output = _run("-c", textwrap.dedent(program))
    result: dict[str, Any] = json.loads(output.rsplit("RESULT", 1)[1])
    return result


def test_follows_the_runtime_schema() -> None:
    jsonschema.validate(get_provider_info(), _schema("provider_info.schema.json"))


def test_connection_types_follow_the_schema_of_forms() -> None:
    schema = _schema("provider.yaml.schema.json")
    jsonschema.validate(get_provider_info()["connection-types"], schema["properties"]["connection-types"])


def test_package_name_is_that_of_the_distribution() -> None:
    assert get_provider_info()["package-name"] == DISTRIBUTION == distribution(DISTRIBUTION).metadata["Name"]


def test_states_the_version_of_the_package() -> None:
    assert get_provider_info()["versions"] == [__version__]


def test_the_entry_point_answers_the_same() -> None:
    (entry,) = [
        found
        for found in entry_points(group="apache_airflow_provider")
        if found.value.startswith("airflow_provider_ipaas.")
    ]
    assert entry.load()() == get_provider_info()


def test_imports_nothing_of_airflow() -> None:
    program = (
        "import sys; from airflow_provider_ipaas.get_provider_info import get_provider_info; get_provider_info();"
        "print([name for name in sys.modules if name.split('.')[0] in ('airflow', 'pydantic', 'sqlalchemy', 'requests')])"
    )
    assert _run("-c", program).strip() == "[]"


def test_every_option_is_fully_described() -> None:
    for section in get_provider_info()["config"].values():
        for name, option in section["options"].items():
            assert {"description", "version_added", "type", "example", "default"} <= set(option), name


def test_airflow_lists_the_provider() -> None:
    providers = json.loads(_run("-m", "airflow", "providers", "list", "--output", "json"))
    (ours,) = [provider for provider in providers if provider["package_name"] == DISTRIBUTION]
    assert ours["version"] == distribution(DISTRIBUTION).version


def test_airflow_knows_the_default_of_the_option() -> None:
    output = _run("-m", "airflow", "config", "get-value", "ipaas", "allowed_salesforce_hosts")
    assert output.strip() == ""


@pytest.mark.parametrize("conn_type", CONN_TYPES)
def test_the_form_has_the_documented_fields(conn_type: str) -> None:
    form = _discovered()["forms"][conn_type]
    assert set(form["extra_fields"]) == FIELDS[conn_type]


@pytest.mark.parametrize("conn_type", CONN_TYPES)
def test_no_field_of_the_form_is_forced_on_the_user(conn_type: str) -> None:
    """A field whose type does not allow null is shown as required."""
    for name, field in _discovered()["forms"][conn_type]["extra_fields"].items():
        assert "null" in field["schema"]["type"], name


@pytest.mark.parametrize("conn_type", CONN_TYPES)
def test_airflow_can_load_the_hook(conn_type: str) -> None:
    hook = _discovered()["hooks"][conn_type]
    assert hook["default"] == CONN_TYPES[conn_type]
    assert hook["package"] == DISTRIBUTION
    declared = {entry["connection-type"]: entry["hook-class-name"] for entry in get_provider_info()["connection-types"]}
    assert hook["class"] == declared[conn_type]
