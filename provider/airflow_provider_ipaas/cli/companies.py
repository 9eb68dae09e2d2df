"""`airflow-ipaas companies`: what to enter as Company id and System id of an `ipaas` connection."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections
from airflow_provider_ipaas.cli._errors import readable_errors

if TYPE_CHECKING:
    from airflow_provider_ipaas.hooks.companies import Company, Subscription

_API_KEY = "An API key belongs to one company, and iPaaS.com doesn't tell which; leave Company id empty."


def companies(
    conn_id: Annotated[str, typer.Argument(help="Id of a connection of the type ipaas.")] = "ipaas_default",
    every: Annotated[
        bool, typer.Option("--all", help="List the subscriptions of every company, not of the chosen one alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list for machines.")] = False,
) -> None:
    """List the companies behind the login and their subscriptions: what Company id and System id take.

    Both fields may still be empty in the connection.
    """
    with readable_errors(), airflow_connections():
        from airflow_provider_ipaas.hooks.companies import companies as listed

        found = listed(conn_id, every=every)
    if as_json:
        typer.echo(json.dumps([asdict(company) for company in found], indent=2))
        return
    for line in _lines(conn_id, found):
        typer.echo(line)


def _lines(conn_id: str, found: tuple[Company, ...]) -> list[str]:
    if not found:
        return [f"The login of connection `{conn_id}` has no company; ask the administrator in iPaaS.com for access."]
    lines: list[str] = []
    for company in found:
        lines += [_heading(company), *_below(company)]
    return [*lines, "", *_advice(conn_id, found)]


def _heading(company: Company) -> str:
    if not company.id:
        return _API_KEY
    return f"{company.id}  {company.name}{'   <- Company id of the connection' if company.current else ''}"


def _below(company: Company) -> list[str]:
    if company.problem:
        return [f"    Its subscriptions can't be listed: {company.problem}"]
    if company.subscriptions is None:
        return []
    if not company.subscriptions:
        return ["    It has no subscription."]
    widths = [max(len(getattr(one, name)) for one in company.subscriptions) for name in ("id", "name", "type")]
    return [_row(subscription, widths) for subscription in company.subscriptions]


def _row(subscription: Subscription, widths: list[int]) -> str:
    note = ""
    if subscription.current:
        note = "   <- System id of the connection"
    elif subscription.salesforce:
        note = "   <- looks like Salesforce: a candidate for System id"
    columns = (
        f"{subscription.id:>{widths[0]}}",
        f"{subscription.name:<{widths[1]}}",
        f"type {subscription.type:<{widths[2]}}",
    )
    return f"    {'  '.join(columns)}{note}".rstrip()


def _advice(conn_id: str, found: tuple[Company, ...]) -> list[str]:
    advice = []
    if found[0].id and not any(company.current for company in found):
        advice.append(f"Enter the id of one company as Company id (`company_id`) of connection `{conn_id}`.")
    subscriptions = [one for company in found for one in company.subscriptions or ()]
    if not any(one.current for one in subscriptions):
        advice.append("Enter the number of its Salesforce subscription as System id (`system_id`).")
        if not any(one.salesforce for one in subscriptions):
            advice.append("None listed here has Salesforce in its name; the portal shows which one it is.")
    return advice or ["Company id and System id of the connection are among them."]
