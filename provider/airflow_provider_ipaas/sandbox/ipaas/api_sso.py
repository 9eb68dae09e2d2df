"""The sso API: login, refresh, the user's companies, change of company."""

from __future__ import annotations

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.ipaas.access import Issued
from airflow_provider_ipaas.sandbox.ipaas.call import ApiRoute, Call, answer, route
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError
from airflow_provider_ipaas.sandbox.ipaas.forms import stamp
from airflow_provider_ipaas.sandbox.ipaas.model import is_blank
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore


def routes(store: IPaaSStore) -> list[ApiRoute]:
    """Return the routes of the sso API."""
    return [
        route(store, "/sso/v2/Auth/Login", post=(_login, "open")),
        route(store, "/sso/v2/Auth/Refresh", post=(_refresh, "open")),
        route(store, "/sso/v2/User/ChangeCompany/{guid}", get=(_change_company, "token")),
        route(store, "/sso/v2/User/{id}/Companies", get=(_companies, "token")),
    ]


def _login(call: Call) -> Response:
    body = call.object()
    email, password = body.get("email_address"), body.get("password")
    if is_blank(email) or is_blank(password):
        raise ApiError("VALD-1047", "The e-mail address or the password is missing.")
    return _issued(call, call.store.access.login(str(email), str(password)), body.get("return_url"))


def _refresh(call: Call) -> Response:
    body = call.object()
    if is_blank(body.get("refresh_token")):
        raise ApiError("VALD-1080", "The refresh token is missing.")
    if is_blank(body.get("access_token")):
        raise ApiError("AUTH-1002", "The access token is null.")
    return _issued(call, call.store.access.refresh(str(body["access_token"]), str(body["refresh_token"])))


def _change_company(call: Call) -> Response:
    return _issued(call, call.store.access.change_company(call.caller, call.path["guid"]))


def _companies(call: Call) -> Response:
    user = call.caller.user
    if call.path["id"] != str(user.number):
        raise ApiError("AUTZ-1002", "The user lacks the permission to see another user's companies.")
    rows = [
        {
            "id": guid,
            "name": name,
            "logo": None,
            "designation_id": 4,
            "user_type_id": 1,
            "designations": {"4": "Integrator"},
        }
        for guid, name in user.companies.items()
    ]
    return answer(rows)


def _issued(call: Call, issued: Issued, return_url: object = None) -> Response:
    user = issued.grant.user
    return answer(
        {
            "id": user.number,
            "name": user.name,
            "email_address": user.email,
            "access_token": issued.access_token,
            "access_token_expiration": stamp(issued.expires, call.store.switches),
            "refresh_token": issued.refresh_token,
            "return_url": return_url,
            "permissions": sorted(issued.grant.permissions),
            "tracking_guid": call.tracking_guid,
        }
    )
