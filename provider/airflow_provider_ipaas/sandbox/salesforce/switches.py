"""The switches of the emulated Salesforce org."""

from __future__ import annotations

from airflow_provider_ipaas.sandbox.switches import Switch

_RULES = ("off", "alert", "block")

SWITCHES = {
    "external_id_field": Switch(True, "iPaaS_Id__c (External ID, unique) exists on Account and Contact"),
    "person_accounts": Switch(False, "person accounts are enabled: IsPersonAccount exists"),
    "state_country_picklists": Switch(False, "State and Country/Territory picklists: values checked, codes exist"),
    "restricted_picklists": Switch(False, "picklists refuse values that are not on their list"),
    "duplicate_rule_account": Switch("off", "duplicate rule on Account.Name", _RULES),
    "duplicate_rule_contact": Switch("off", "duplicate rule on Contact.Email", _RULES),
    "hidden_fields": Switch([], 'fields the API user may not see: ["Contact.Email"]'),
    "read_only_objects": Switch([], 'objects the API user may not write: ["Account"]'),
    "normalise_phones": Switch(False, "ten-digit phone numbers are saved as (555) 123-4567"),
    "api_limit": Switch(15_000, "daily API requests of the org"),
    "api_enabled": Switch(True, "off: every REST call answers API_DISABLED_FOR_ORG"),
    "refresh_token_rotation": Switch(False, "each refresh returns a new refresh token; a used one revokes the grant"),
    "refresh_ends_access_token": Switch(False, "a refresh ends the access tokens issued before it"),
    "refresh_needs_secret": Switch(True, "the refresh-token flow requires the consumer secret"),
    "session_timeout_s": Switch(None, "idle seconds after which an access token expires", nullable=True),
    "pkce_required": Switch(False, "the web-server flow requires a code challenge"),
    "auto_approve": Switch(False, "the authorization page approves at once instead of asking"),
}
