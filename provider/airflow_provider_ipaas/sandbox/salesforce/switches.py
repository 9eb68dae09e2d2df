"""The switches of the emulated Salesforce org."""

from __future__ import annotations

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.switches import Switch

_RULES = ("off", "alert", "block")
REFRESH_POLICIES = ("until_revoked", "immediately", "idle", "fixed")
_THIRTY_DAYS_S = 30 * 24 * 3600

SWITCHES = {
    "external_id_field": Switch(True, "iPaaS_Id__c (External ID, unique) exists on Account and Contact"),
    "person_accounts": Switch(False, "person accounts are enabled: IsPersonAccount exists"),
    "state_country_picklists": Switch(False, "State and Country/Territory picklists: values checked, codes exist"),
    "restricted_picklists": Switch(False, "picklists refuse values that are not on their list"),
    "duplicate_rule_account": Switch("off", "duplicate rule on Account.Name", _RULES),
    "duplicate_rule_contact": Switch("off", "duplicate rule on Contact.Email", _RULES),
    "hidden_fields": Switch([], 'fields the API user may not see: ["Contact.Email"]'),
    "read_only_objects": Switch([], 'objects the API user may not write: ["Account"]'),
    "read_only_fields": Switch([], 'fields the API user may see and not write: ["Account.Fax"]'),
    "normalise_phones": Switch(False, "ten-digit phone numbers are saved as (555) 123-4567"),
    "api_limit": Switch(15_000, "daily API requests of the org"),
    "api_enabled": Switch(True, "off: every REST call answers API_DISABLED_FOR_ORG"),
    "write_ms": Switch(0, "milliseconds that a Collections write takes, while others can't write the rows it locks"),
    "bulk_job_s": Switch(0, "seconds that the org takes to process a Bulk API 2.0 job"),
    "refresh_token_rotation": Switch(False, "each refresh returns a new refresh token; a used one revokes the grant"),
    "refresh_ends_access_token": Switch(False, "a refresh ends the access tokens issued before it"),
    "refresh_needs_secret": Switch(True, "the refresh-token flow requires the consumer secret"),
    "session_timeout_s": Switch(None, "idle seconds after which an access token expires", nullable=True),
    "pkce_required": Switch(False, "the web-server flow requires a code challenge"),
    "auto_approve": Switch(False, "the authorization page approves at once, as the integration user, without asking"),
    "access_token_life_s": Switch(None, "seconds after which an access token ends, however busy", nullable=True),
    "app_scopes": Switch(["api", "refresh_token", "openid", "id"], "scopes of the connected app"),
    "refresh_token_policy": Switch("until_revoked", "when a refresh token ends by itself", REFRESH_POLICIES),
    "refresh_token_life_s": Switch(_THIRTY_DAYS_S, "seconds for the refresh-token policies idle and fixed"),
    "admin_approved_only": Switch(False, "permitted users: only those an admin approved, who are not asked"),
    "permitted_users": Switch([credentials.USERNAME], "users an admin approved; JWT bearer takes only these"),
    "app_blocked": Switch(False, "an admin blocked the connected app"),
    "ip_restricted": Switch(False, "the token endpoint refuses the caller's address"),
    "user_inactive": Switch(False, "the integration user is deactivated"),
    "introspection": Switch(True, "the introspection endpoint serves the app"),
}
