"""The API profile: what it ships, what may be overridden, and what a person reads when an override is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_ipaas.clients.ipaas.profile import Profile, facts
from airflow_provider_ipaas.errors import ConfigurationError

MEND = "Next step: Correct the connection's field `api_profile`, or take the item out to use the default."


def test_every_item_tells_how_sure_it_is_and_from_where() -> None:
    assert {fact.sure for fact in facts().values()} == {"confirmed", "inferred", "unknown"}
    assert all(fact.source for fact in facts().values())
    confirmed = {name for name, fact in facts().items() if fact.sure == "confirmed"}
    assert {"paths.login", "paths.change_company", "query.tracking_guid", "table_names.customer"} <= confirmed
    assert not {"paths.customer_create", "put", "table_names.company"} & confirmed


def test_defaults_are_the_documented_ones() -> None:
    profile = Profile.load()
    assert profile.base_paths.model_dump() == {
        "sso": "/sso",
        "customers": "/customers",
        "subscriptions": "/subscriptions",
    }
    assert (profile.put, profile.list_rows, profile.addresses) == ("replace", "auto", "nested")
    assert (profile.external_ids_on_write, profile.external_ids_on_read) == ("auto", "auto")
    assert profile.relationships == "off"
    assert (profile.company_address_first_name, profile.company_address_last_name) == ("name", "-")
    assert profile.table_names.model_dump() == {"customer": "customer", "company": None}
    assert set(profile.server_fields) == {"id", "tracking_guid", "created_datetime", "updated_datetime"}
    assert profile.nested_arrays == ("addresses", "custom_fields")
    assert Profile.load({"external_ids_on_read": "nested"}).nested_arrays[-1] == "external_ids"


def test_overrides_change_single_items() -> None:
    profile = Profile.load(
        {
            "put": "merge",
            "addresses": "off",
            "paths": {"customer_create": "v2/Customers"},
            "base_paths": {"sso": "", "customers": "/prod/customers/"},
            "table_names": {"company": "Customer Company"},
            "address_required": ["city"],
        }
    )
    assert profile.paths.customer_create == "v2/Customers"
    assert profile.paths.company_create == "v2/Customer/Company"
    assert profile.base_paths.subscriptions == "/subscriptions"
    assert profile.address_required == ("city",)
    assert profile.nested_arrays == ("custom_fields",)


def test_a_profile_cannot_be_changed_afterwards() -> None:
    profile = Profile.load()
    with pytest.raises(ValueError, match="frozen"):
        profile.put = "merge"


def test_the_fingerprint_follows_the_effective_values() -> None:
    default = Profile.load().fingerprint
    assert Profile.load({"put": "replace", "paths": {}}).fingerprint == default
    assert Profile.load({"put": "merge"}).fingerprint != default
    assert Profile.load({"paging": {"first_page": 0}}).fingerprint != default
    assert len(default) == 16


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"putt": "merge"}, "The API profile has no item `putt`. It knows: address_required, addresses, arrays, "),
        (
            {"base_paths": {"sssso": "/x"}},
            "The API profile has no item `base_paths.sssso`. "
            f"Under `base_paths` it knows: customers, sso, subscriptions. {MEND}",
        ),
        ({"put": "patch"}, f"The API profile's `put` is wrong: Input should be 'replace' or 'merge'. {MEND}"),
        (
            {"paging": {"first_page": "1"}},
            "The API profile's `paging.first_page` is wrong: Input should be a valid int",
        ),
        (
            {"address_required": ["zip"]},
            "The API profile's `address_required.0` is wrong: Input should be 'first_name'",
        ),
        (
            {"base_paths": "/x"},
            "The API profile's `base_paths` is a group of items (customers, sso, subscriptions); a JSON",
        ),
        (
            {"paths": {"customer": "v2/Person"}},
            "The API profile's `paths.customer` must hold these placeholders, each once: {id}. It is 'v2/Person'.",
        ),
        (
            {"paths": {"login": "v2/{login"}},
            "The API profile's `paths.login` must hold these placeholders, each once: none.",
        ),
        ({"paths": {"customer": "v2/{id!r}"}}, "The API profile's `paths.customer` must hold these placeholders"),
    ],
)
def test_a_wrong_override_names_its_key(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Profile.load(overrides)
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(MEND)


@pytest.mark.parametrize(
    "path", ["https://evil.example/sso", "HTTP:x", "//evil.example", "/a/../b", "a?b", "a#b", "a\\b", "a b", "%2e%2e/a"]
)
def test_paths_stay_under_the_base_url(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Profile.load({"base_paths": {"sso": path}})
    assert caught.value.message == (
        f"The API profile's `base_paths.sso` must be a path relative to the connection's base URL, not {path!r}."
    )


NAMES = st.text(max_size=12) | st.sampled_from(sorted(name.split(".")[0] for name in facts()))


@given(st.dictionaries(NAMES, st.recursive(st.none() | st.text(max_size=5), st.lists, max_leaves=3), max_size=3))
def test_any_override_loads_or_is_a_configuration_error(overrides: dict[str, Any]) -> None:
    told = ""
    try:
        fingerprint = Profile.load(overrides).fingerprint
    except ConfigurationError as error:
        fingerprint, told = "", error.message
    assert fingerprint or told.startswith("The API profile")
