"""What Salesforce's REST API says when it refuses a whole call: session, limits, queries, the request itself.

Sources: REST API Developer Guide (status codes and error responses; limits), SOQL and SOSL Reference; *observed* ones from
logs that users of other clients have published.
"""

from __future__ import annotations

from functools import partial

from .entry import UNLISTED, Handling, row

_row = partial(row, "salesforce")
_NO_USE = "Nothing a setting can mend: report it with the task's log."
_USER = "Check in Salesforce that the user is active, may use the API and that the app is approved."
_SCOPE = "Give the connected app the scope `api`, and use the org's My Domain URL as API Url."
_VERSION = "Correct the field API version (`api_version`) of the connection."
_LATER = "Nothing to do: this is usually short-lived, and a later run goes on."
_SESSION = "INVALID_SESSION_ID INVALID_AUTH_HEADER INVALID_JWT_FORMAT"

CALLS = (
    # The session
    _row(_SESSION, Handling.RENEW, "The access token has ended or is not one", _USER, statuses=(401,)),
    _row(
        _SESSION,
        Handling.STOP,
        "The token's app lacks the scope for the REST API; a new token would lack it too",
        _SCOPE,
        said="this session is not valid for use with the rest api",
        statuses=(401,),
        sure="observed",
    ),
    _row(
        _SESSION,
        Handling.STOP,
        "The connected app is not attached to the agent user; a new token would not be either",
        _USER,
        said="connected app is not attached to agent",
        statuses=(401,),
        sure="observed",
    ),
    _row(
        _SESSION,
        Handling.STOP,
        "The org is locked for this user (BlackTab); a new token does not unlock it",
        "Ask Salesforce, or the org's administrator, why the org is locked.",
        said="blacktab",
        statuses=(401,),
        sure="observed",
    ),
    _row(
        "Bad_OAuth_Token Missing_OAuth_Token",
        Handling.STOP,
        "The identity service does not accept the access token",
        _USER,
        statuses=(403,),
        sure="observed",
    ),
    _row(
        "Wrong_Org",
        Handling.STOP,
        "The access token belongs to another org",
        "Correct the fields API Url (`host`) and Organization id (`org_id`) of the connection.",
        statuses=(403,),
        sure="inferred",
    ),
    _row(
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        Handling.STOP,
        "The password of the integration user has expired",
        "Set a new password for the integration user, best one that never expires.",
        statuses=(403,),
    ),
    # Limits and outages
    _row(
        "REQUEST_LIMIT_EXCEEDED",
        Handling.STOP_CLEANLY,
        "The org has used up its API calls of the last 24 hours",
        "The org has used up its API calls of the last 24 hours; a later run goes on where this one stopped.",
        statuses=(403,),
    ),
    _row(
        "REQUEST_LIMIT_EXCEEDED",
        Handling.RETRY,
        "Too many long calls run in the org at once",
        "Too many long calls run in this org at once; a later run tries again.",
        said="concurrent",
        statuses=(403,),
    ),
    _row(
        "SERVER_UNAVAILABLE",
        Handling.RETRY,
        "The instance is overloaded or in maintenance",
        _LATER,
        statuses=(503,),
        sure="observed",
    ),
    _row(
        "UNKNOWN_EXCEPTION",
        Handling.FAIL_RECORD,
        "Something failed inside Salesforce (a whole call with status 500 is repeated first)",
        "If it stays, give the ErrorId of the message to Salesforce's support.",
        statuses=(500,),
        sure="inferred",
    ),
    _row(
        "API_DISABLED_FOR_ORG",
        Handling.STOP,
        "The REST API is not enabled for this org",
        "Use an edition of Salesforce that has API access, or ask Salesforce to enable it for this org.",
        statuses=(403,),
    ),
    _row(
        "API_CURRENTLY_DISABLED",
        Handling.STOP,
        "The API is disabled for the integration user",
        "Give the integration user the permission API Enabled.",
        statuses=(403, 500),
    ),
    _row(
        "UNSUPPORTED_API_VERSION",
        Handling.STOP,
        "The org does not offer this version of the API",
        _VERSION,
        statuses=(404, 410),
    ),
    _row(
        "FUNCTIONALITY_NOT_ENABLED",
        Handling.STOP,
        "A feature that the call needs is not enabled in this org",
        "Ask the org's administrator to enable the feature that the message names.",
        statuses=(403,),
    ),
    # Reading
    _row(
        "QUERY_TIMEOUT",
        Handling.RETRY,
        "The query ran longer than the two minutes it may; repeating it at once would too, so a later run tries",
        "Narrow the query, for example with fewer poll days.",
        statuses=(400,),
    ),
    _row(
        "QUERY_TOO_COMPLICATED",
        Handling.STOP,
        "The query is too complicated, usually by formula fields in it",
        "Take formula fields out of the mapping.",
        statuses=(400,),
    ),
    _row(
        "MALFORMED_QUERY",
        Handling.STOP,
        "Salesforce cannot read the query",
        _NO_USE,
        statuses=(400,),
    ),
    _row(
        "INVALID_QUERY_FILTER_OPERATOR",
        Handling.STOP,
        "A field cannot be compared the way the query does, or a value in it is no id",
        _NO_USE,
        statuses=(400,),
    ),
    _row(
        "INVALID_QUERY_LOCATOR",
        Handling.RESTART,
        "The org has lost the place in a query that was being read",
        "Nothing to do: where the read cannot go on, a later run reads it again.",
        statuses=(400,),
        sure="observed",
    ),
    _row(
        "EXCEEDED_ID_LIMIT",
        Handling.GO_ON,
        "More than 600,000 records have changed in the window: too many to tell up to when changes are complete",
        "Nothing to do: the watermark stays, and moves on when a window is small enough.",
        statuses=(400,),
    ),
    _row(
        "INVALIDENTITY INVALIDJOB FEATURENOTENABLED",
        Handling.GO_ON,
        "The org, or this user, may not load this object by Bulk API 2.0",
        "Nothing has to be done: records go 200 at a time instead. For fewer calls give the user API Enabled, or ask Salesforce "
        "whether the edition has Bulk API; `bulk_threshold` 0 on the connection ends the attempts.",
        statuses=(400, 403),
        sure="observed",
    ),
    _row(
        "INVALIDBATCH INVALIDJOBSTATE REQUEST_TOO_LARGE",
        Handling.GO_ON,
        "The bulk job has ended, or does not take these rows",
        "Nothing has to be done: what the job has not written goes 200 at a time instead.",
        statuses=(400, 409, 413),
        sure="observed",
    ),
    _row(
        "BULK_JOB_TIMEOUT",
        Handling.FIND_OUT,
        "A bulk job has not ended after ten minutes",
        "Nothing has to be done: the next run ends it and looks for what it has made. Where the org is that slow every time, set "
        "`bulk_threshold` to 0 on the connection.",
    ),
    _row(
        "INVALID_REPLICATION_DATE",
        Handling.STOP,
        "The window asked for is empty, or lies outside the 30 days that the org remembers changes for",
        _NO_USE,
        statuses=(400,),
    ),
    _row(
        "NUMBER_OUTSIDE_VALID_RANGE",
        Handling.FAIL_RECORD,
        "The number in {fields} is outside the range that the field takes",
        "Correct the number in the source record, or widen the field in Salesforce.",
        statuses=(400,),
    ),
    _row(
        "INVALID_FIELD",
        Handling.FAIL_OR_STOP,
        "Salesforce does not know {fields}, or the integration user may not see it",
        "Check the field's API name, and that the integration user may see it (field-level security); or take it out of "
        "the mapping.",
        statuses=(400,),
    ),
    _row(
        "INVALID_TYPE",
        Handling.FAIL_OR_STOP,
        "Salesforce has no such object for the integration user",
        "Check the object's API name, and that the integration user may see it.",
        statuses=(400,),
    ),
    _row(
        "NOT_FOUND",
        Handling.STOP,
        "The object, the record or the external-id field in the address is not there for the integration user",
        "Check the API names of object and external-id field, and that the integration user may see them.",
        statuses=(404,),
    ),
    # The request
    _row(
        "JSON_PARSER_ERROR",
        Handling.FAIL_RECORD,
        "Salesforce cannot read a value of the record, usually one that is not of its field's type",
        "Compare the record with the types of the mapped fields: set `type` in the mapping (number, boolean), or correct "
        "the value.",
        statuses=(400,),
    ),
    _row(
        "INVALID_INPUT MISSING_ARGUMENT LIMIT_EXCEEDED",
        Handling.FAIL_RECORD,
        "The request lacks something, or asks for too much at once",
        _NO_USE,
        statuses=(400,),
        sure="observed",
    ),
    _row("METHOD_NOT_ALLOWED", Handling.STOP, "The address does not take this kind of call", _VERSION, statuses=(405,)),
    _row("UNSUPPORTED_MEDIA_TYPE", Handling.STOP, "The org does not take JSON here", _NO_USE, statuses=(415,)),
    # By the status alone, where the body says nothing that can be read
    _row(
        "HTTP-300",
        Handling.STOP,
        "More than one record carries the external id",
        "Leave the external id on one record only, and make the field unique.",
        statuses=(300,),
    ),
    _row("HTTP-401", Handling.STOP, "Salesforce does not accept the access token", _USER, statuses=(401,)),
    _row("HTTP-403", Handling.STOP, "Salesforce or a proxy forbids the call", _USER, statuses=(403,)),
    _row(
        "HTTP-404",
        Handling.STOP,
        "There is nothing at this address",
        "Check the fields API Url (`host`) and API version (`api_version`) of the connection.",
        statuses=(404,),
    ),
    _row(
        "HTTP-406",
        Handling.RETRY,
        "The org would not answer just now; seen while it describes many objects",
        _LATER,
        statuses=(406,),
        sure="observed",
    ),
    _row("HTTP-408", Handling.RETRY, "The request took too long to arrive", _LATER, statuses=(408,), sure="inferred"),
    _row("HTTP-410", Handling.STOP, "This version of the API is retired", _VERSION, statuses=(410,)),
    _row(
        "HTTP-414 HTTP-431",
        Handling.STOP,
        "The request line or the headers are longer than 16,384 bytes",
        "Map fewer fields.",
        statuses=(414, 431),
    ),
    _row(
        "HTTP-420",
        Handling.RETRY,
        "No instance answers for the org just now: it is being moved, or was deleted",
        "If it stays, check that the org still exists under the API Url (`host`).",
        statuses=(420,),
    ),
    _row(
        "HTTP-429",
        Handling.RETRY,
        "Salesforce or a proxy takes no more calls just now",
        _LATER,
        statuses=(429,),
        sure="inferred",
    ),
    _row(
        "HTTP-5xx",
        Handling.RETRY,
        "Salesforce or a proxy before it is out of order",
        _LATER,
        statuses=(500, 502, 503, 504),
    ),
    _row(
        UNLISTED,
        Handling.FAIL_RECORD,
        "The service refused the record",
        "Correct the record as the message says; the edit is synced by the next run.",
        shows="masked",
    ),
)
