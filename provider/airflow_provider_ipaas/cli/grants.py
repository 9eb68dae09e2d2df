"""`airflow-ipaas status` and `airflow-ipaas reset`: what a Salesforce connection is connected as, and the end of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections
from airflow_provider_ipaas.cli._errors import fail, readable_errors

if TYPE_CHECKING:
    from airflow_provider_ipaas.hooks.consent import GrantView, ResetResult

ConnId = Annotated[str, typer.Argument(help="Id of a connection of the type salesforce_connected_app.")]


def status(conn_id: ConnId) -> None:
    """Tell what a connection is connected as, without using its tokens; exit status 1 when it is not connected."""
    with readable_errors(), airflow_connections():
        from airflow_provider_ipaas.hooks import consent
        from airflow_provider_ipaas.hooks.tokens import open_token_store

        grant = consent.look_up(conn_id)
        place = open_token_store().place
    for line in lines_of(grant, place):
        typer.echo(line)
    if grant.status != "connected":
        raise typer.Exit(1)


def reset(
    conn_id: ConnId, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False
) -> None:
    """Revoke the grant at Salesforce and delete the stored tokens; the connection itself stays."""
    with readable_errors(), airflow_connections():
        from airflow_provider_ipaas.hooks import consent

        if not yes:
            _confirm(_what(conn_id))
        result = consent.reset(conn_id)
    for line in _outcome(conn_id, result):
        typer.echo(line)


def lines_of(grant: GrantView, place: str) -> list[str]:
    """Put a grant into words; *place* is where its tokens are."""
    if grant.status == "connected":
        head = f"Connection `{grant.conn_id}` is connected to Salesforce."
    else:
        head = f"Connection `{grant.conn_id}` is not connected: {grant.problem} {grant.next_step}".rstrip()
    again = "" if grant.status == "connected" else f"airflow-ipaas connect {grant.conn_id}"
    if not grant.org_id:
        return [head, *_rows([("connect", again)])]
    user = f"{grant.username} ({grant.user_id})" if grant.username else grant.user_id
    rows = [
        ("user", user),
        ("org", f"{grant.org_id} at {grant.instance_url}"),
        ("scopes", ", ".join(grant.scopes) or "not told"),
        ("since", f"{_moment(grant.connected_at)}, by {grant.connected_by}"),
        ("renewed", f"{_moment(grant.refreshed_at)}, {grant.refreshes} in all" if grant.refreshed_at else ""),
        ("lives", _life(grant) if grant.status == "connected" else ""),
        ("tokens", f"encrypted in {place}"),
        ("connect", again),
    ]
    return [head, *_rows(rows)]


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    return [f"  {name:<8} {text}" for name, text in rows if text]


def _life(grant: GrantView) -> str:
    if grant.alive_until is not None:
        return f"until {_moment(grant.alive_until)}, says Salesforce now"
    return "as long as the app's refresh token policy lets it; Salesforce tells no end"


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "unknown"


def _what(conn_id: str) -> str:
    """Say what a reset would end. Raises as `consent.view` does, unless there is a grant that can't be read."""
    from airflow_provider_ipaas.errors import ConfigurationError
    from airflow_provider_ipaas.hooks import consent
    from airflow_provider_ipaas.hooks.tokens import open_token_store

    try:
        grant = consent.view(conn_id)
    except ConfigurationError:
        if not open_token_store().exists(conn_id):
            raise
        return f"Connection `{conn_id}` has a stored grant that can't be read here."
    if not grant.org_id:
        return f"Connection `{conn_id}` is not connected."
    return f"Connection `{conn_id}` is connected as {grant.username or grant.user_id} of org {grant.org_id}."


def _confirm(what: str) -> None:
    question = f"{what}\nRevoke the grant at Salesforce and delete its tokens? Runs fail until it is connected again."
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        fail("\nNothing was changed. Give --yes where nobody can answer.")
    if not agreed:
        fail("Nothing was changed.")


def _outcome(conn_id: str, result: ResetResult) -> list[str]:
    if not result.deleted:
        head = f"Connection `{conn_id}` had no stored tokens; nothing was changed."
    elif result.revoked:
        head = f"Connection `{conn_id}`: Salesforce has revoked the grant, and the stored tokens are deleted."
    else:
        head = f"Connection `{conn_id}`: the stored tokens are deleted; the grant was not revoked."
    return [head, result.note] if result.note else [head]
