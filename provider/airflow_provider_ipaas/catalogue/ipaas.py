"""What iPaaS.com's APIs say: a category of four letters and four digits.

Sources: support articles 15461548, 15461553 (AUTH, AUTZ), 15461508, 15461520, 15461546, 15461531, 15461557, 15461551,
15302917 (VALD, NFND, external ids), 15461527, 15461561 (BIZL), 15461521, 15506870 (INTL, and what is worth a retry).
Articles name some codes in groups only; which of a group means what is *inferred* from their order.
"""

from __future__ import annotations

from functools import partial

from .entry import UNLISTED, Handling, row

_row = partial(row, "ipaas")
_EDIT = "Correct the field in the source record; the edit is synced by the next run."
_RIGHTS = "Check the fields E-mail (`login`) and Password (`password`) of {connection}, and the user's rights."
_NEW_KEY = "Make a new API key in iPaaS.com and put it in the field `password` of {connection}."
_SYSTEM = "Correct the connection's field System id (`system_id`)."
_TABLE = "Correct `table_names` in the connection's `api_profile`."
_TAKEN = "Another record carries this external id; remove it there or correct the link."
_UNIQUE = "Link or merge the two records, or correct the value."
_CUSTOM = "Create the custom field in iPaaS.com (Data Management, Custom Fields) or take it out of the mapping."
_ID = "Look the record up in iPaaS.com by its id; if it is there, report this with the task's log."
_PROFILE = (
    "Compare the request with the swagger document of your iPaaS.com, and correct the connection's `api_profile`."
)
_LATER = "Nothing to do: this is usually short-lived, and a later run goes on."

IPAAS = (
    # AUTH: who calls
    _row(
        "AUTH-1001 AUTH-1002",
        Handling.RENEW,
        "The token is missing, has ended or is not one",
        _RIGHTS,
        statuses=(401,),
    ),
    _row("AUTH-1001 AUTH-1002", Handling.STOP, "The API key has ended or is not one", _NEW_KEY, flow="api_key"),
    _row(
        "AUTH-1003",
        Handling.STOP,
        "The user (or the API key) has no access to this API",
        "Give the user (or the API key) access to this API in iPaaS.com.",
        statuses=(401,),
    ),
    _row(
        "AUTH-1004",
        Handling.STOP,
        "iPaaS.com does not know the company",
        "Correct the connection's field Company id (`company_id`).",
        statuses=(401,),
    ),
    _row("AUTH-*", Handling.RENEW, "iPaaS.com does not accept the login", _RIGHTS, statuses=(401,)),
    _row("AUTH-*", Handling.STOP, "iPaaS.com does not accept the API key", _NEW_KEY, flow="api_key", statuses=(401,)),
    # AUTZ: what the caller may do
    _row(
        "AUTZ-1001",
        Handling.FAIL_OR_STOP,
        "The billing plan does not allow this",
        "The billing plan in iPaaS.com does not allow this; ask its administrator.",
        statuses=(403,),
    ),
    _row(
        "AUTZ-1002",
        Handling.FAIL_OR_STOP,
        "The user lacks the permission",
        "Give the user's role (or the API key) this permission in iPaaS.com.",
        statuses=(403,),
    ),
    _row(
        "AUTZ-1003",
        Handling.FAIL_OR_STOP,
        "Only an administrator may do this",
        "Only an administrator may do this in iPaaS.com; give the user that role.",
        statuses=(403,),
    ),
    _row(
        "AUTZ-1004",
        Handling.FAIL_OR_STOP,
        "The plan awaits payment, or its trial is over",
        "The plan in iPaaS.com awaits payment or its trial is over; ask its administrator.",
        statuses=(403,),
    ),
    _row(
        "AUTZ-*",
        Handling.FAIL_OR_STOP,
        "iPaaS.com does not allow this to the connection's user",
        "Give the user's role (or the API key) the permission that the message names.",
        statuses=(403,),
    ),
    # VALD: the login
    _row("VALD-1047", Handling.STOP, "The login came without e-mail or password", _RIGHTS),
    _row(
        "VALD-1080", Handling.GO_ON, "A renewal came without a refresh token; the sync logs in again", "Nothing to do."
    ),
    # VALD: ids
    _row("VALD-1001", Handling.FAIL_RECORD, "An id is missing", _ID),
    _row("VALD-1004", Handling.FAIL_RECORD, "An id is no whole number", _ID, sure="inferred"),
    _row("VALD-1005", Handling.FAIL_RECORD, "An id is not above zero", _ID, sure="inferred"),
    _row(
        "VALD-1006 VALD-1008",
        Handling.FAIL_RECORD,
        "An id, or that of the record above it, does not have the form that this kind of record needs",
        _ID,
        sure="inferred",
    ),
    _row("VALD-1007", Handling.FAIL_OR_STOP, "The name of a table is missing", _TABLE),
    _row("VALD-1017 VALD-1023", Handling.FAIL_OR_STOP, "iPaaS.com does not know the system id", _SYSTEM),
    _row("VALD-1066", Handling.STOP, "The value of a filter has to be a GUID", _PROFILE),
    # VALD: the request and its fields
    _row("VALD-1002", Handling.FAIL_RECORD, "iPaaS.com requires a value in {fields}", _EDIT),
    _row("VALD-1003", Handling.FAIL_RECORD, "iPaaS.com cannot read the request, or does not know {fields}", _PROFILE),
    _row(
        "VALD-1014 VALD-1032",
        Handling.FAIL_RECORD,
        "iPaaS.com misses something in the request",
        _PROFILE,
        sure="inferred",
    ),
    _row("VALD-1010 VALD-1022", Handling.FAIL_RECORD, "The value in {fields} is none of those allowed", _EDIT),
    _row("VALD-1020", Handling.FAIL_RECORD, "The value in {fields} is too long, or out of its range", _EDIT),
    _row("VALD-1036", Handling.FAIL_RECORD, "The value in {fields} is not valid", _EDIT),
    _row("VALD-1025", Handling.FAIL_RECORD, "A field rule of iPaaS.com refuses the record", _EDIT),
    _row(
        "VALD-1037",
        Handling.FAIL_OR_STOP,
        "Only an administrator may set {fields}",
        "Take the field out of the mapping, or add it to `server_fields` in the connection's `api_profile`.",
    ),
    _row(
        "VALD-1038",
        Handling.FAIL_RECORD,
        "Something the record refers to ({fields}) is not in iPaaS.com yet",
        "Create what it refers to in iPaaS.com first; the record is tried again by itself.",
    ),
    _row("VALD-1021", Handling.FAIL_RECORD, "iPaaS.com requires an e-mail", _EDIT, sure="observed"),
    _row("VALD-1049", Handling.FAIL_RECORD, "First and last name are both empty", _EDIT),
    _row(
        "VALD-1045",
        Handling.FAIL_RECORD,
        "Country code and country name do not fit together",
        "Correct the address in the source record, or map the country.",
    ),
    _row(
        "VALD-1046",
        Handling.FAIL_RECORD,
        "iPaaS.com does not know the country",
        "Correct the address in the source record, or map the country.",
    ),
    _row("VALD-1011", Handling.FAIL_OR_STOP, "iPaaS.com has no such custom field", _CUSTOM),
    _row("VALD-1015", Handling.FAIL_OR_STOP, "A custom field has no name", _CUSTOM),
    _row(
        "VALD-*",
        Handling.FAIL_RECORD,
        "iPaaS.com refused a value of the record",
        "Correct the record as the message says; the edit is synced by the next run.",
        statuses=(400,),
        shows="masked",
    ),
    # BIZL: other records
    _row("BIZL-1001", Handling.FAIL_RECORD, "Something is in the request twice", _EDIT, sure="inferred"),
    _row(
        "BIZL-1002",
        Handling.FAIL_RECORD,
        "An address or another part of the record is there twice",
        "Leave it on the record in iPaaS.com once only.",
        sure="inferred",
    ),
    _row(
        "BIZL-1003 BIZL-1005",
        Handling.PARK_DUPLICATE,
        "Another record of iPaaS.com holds this Salesforce id as external id",
        _TAKEN,
    ),
    _row("BIZL-1004 BIZL-1006", Handling.PARK_DUPLICATE, "iPaaS.com has a record with the same unique value", _UNIQUE),
    _row(
        "BIZL-1007 VALD-1028",
        Handling.FAIL_RECORD,
        "iPaaS.com has a record with this id already",
        _ID,
        sure="inferred",
    ),
    _row(
        "BIZL-1009",
        Handling.FAIL_RECORD,
        "The record is inactive in iPaaS.com",
        "Activate the record in iPaaS.com (or leave it inactive: deletes are not synced).",
    ),
    _row(
        "BIZL-*",
        Handling.FAIL_RECORD,
        "A rule of iPaaS.com refuses the record",
        "Correct the record as the message says; the edit is synced by the next run.",
        statuses=(400, 409),
        shows="masked",
    ),
    # NFND: what is not there
    _row(
        "NFND-1005",
        Handling.SKIP,
        "The record is not in iPaaS.com any more",
        "Nothing to do: deletes are not synced.",
        statuses=(404,),
    ),
    _row("NFND-*", Handling.ABSENT, "iPaaS.com does not have what was asked for", _ID, statuses=(404,), shows="masked"),
    # INTL: the service itself
    _row("INTL-1001 INTL-1004", Handling.RETRY, "Something failed inside iPaaS.com", _LATER, statuses=(500,)),
    _row("INTL-1002", Handling.RETRY, "iPaaS.com's database did not answer in time", _LATER, statuses=(500,)),
    _row("INTL-*", Handling.RETRY, "Something failed inside iPaaS.com", _LATER, statuses=(500,)),
    # By the status alone, where neither body nor reason phrase holds a code
    _row("HTTP-401", Handling.RENEW, "iPaaS.com does not accept the token", _RIGHTS, sure="inferred", statuses=(401,)),
    _row("HTTP-401", Handling.STOP, "iPaaS.com does not accept the API key", _NEW_KEY, flow="api_key", statuses=(401,)),
    _row(
        "HTTP-404",
        Handling.ABSENT,
        "The record is not there, or the address is not that of the API",
        _PROFILE,
        statuses=(404,),
    ),
    _row("HTTP-408", Handling.RETRY, "The request took too long to arrive", _LATER, statuses=(408,), sure="inferred"),
    _row(
        "HTTP-429",
        Handling.RETRY,
        "iPaaS.com takes no more calls just now",
        "Lower `requests_per_second` of the connection.",
        statuses=(429,),
        sure="inferred",
    ),
    _row("HTTP-5xx", Handling.RETRY, "iPaaS.com or a proxy before it is out of order", _LATER, sure="inferred"),
    _row(
        UNLISTED,
        Handling.FAIL_RECORD,
        "The service refused the record",
        "Correct the record as the message says; the edit is synced by the next run.",
        shows="masked",
    ),
)
