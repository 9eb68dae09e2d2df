"""`airflow-ipaas connect`: connect a Salesforce connection from a terminal, with any browser."""

from __future__ import annotations

import hmac
import os
import secrets
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import SplitResult, urlsplit

import typer

from airflow_provider_ipaas.cli._airflow import airflow_connections, database_problem
from airflow_provider_ipaas.cli._answer import Answer, read_pasted, state_of
from airflow_provider_ipaas.cli._errors import fail, readable_errors
from airflow_provider_ipaas.cli._person import person

if TYPE_CHECKING:
    from airflow_provider_ipaas.cli._listener import Listener
    from airflow_provider_ipaas.hooks.consent import GrantView

DEFAULT_PORT = 1717
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# The org's answer is taken this long after Connect began, however it arrives.
_LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Way:
    """How the answer comes back: to *redirect_uri*, and there to a port of ours or to a person who pastes it.

    *listen_on* is host and port, None to paste; *why* says why it has to be pasted.
    """

    redirect_uri: str
    path: str
    listen_on: tuple[str, int] | None
    why: str = ""


def connect(
    conn_id: Annotated[str, typer.Argument(help="Id of a connection of the type salesforce_connected_app.")],
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help=f"Loopback port to wait on for the answer; default {DEFAULT_PORT}."),
    ] = None,
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            help="Callback URL, as it is registered in the app; default http://localhost:PORT/callback. One that "
            "is not on this machine is pasted, unless --port says where it is forwarded to.",
        ),
    ] = None,
    paste: Annotated[bool, typer.Option("--paste", help="Ask for the address that the browser ends up at.")] = False,
    timeout: Annotated[
        int, typer.Option(min=1, max=_LIFE_S, metavar="SECONDS", help="How long to wait for the browser.")
    ] = _LIFE_S,
) -> None:
    """Connect to Salesforce: print the page to open in a browser, take its answer, store the grant."""
    way = _way(port, redirect_uri, paste=paste)
    try:
        with readable_errors(), airflow_connections():
            grant = _connect(conn_id, way, timeout)
            _report(grant)
    except KeyboardInterrupt:
        typer.echo(f"\nStopped. Whether it is connected: airflow-ipaas status {conn_id}", err=True)
        raise typer.Exit(130) from None


def _way(port: int | None, redirect_uri: str | None, *, paste: bool) -> Way:
    """Choose how the answer comes back. Raises BadParameter for a URL that can't be a callback."""
    uri = redirect_uri or f"http://localhost:{port or DEFAULT_PORT}/callback"
    parts, own_port = _callback_parts(uri)
    local = parts.hostname in _LOOPBACK and parts.scheme == "http"
    if paste:
        return Way(uri, parts.path, None)
    if port is None and not local:
        return Way(uri, parts.path, None, f"{parts.hostname} is not this machine")
    if port is None and os.environ.get("SSH_CONNECTION"):
        return Way(uri, parts.path, None, "this is an SSH session (--port listens all the same, for a forwarded port)")
    host = str(parts.hostname) if local else "localhost"
    return Way(uri, parts.path, (host, port or own_port))


def _callback_parts(uri: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(uri)
        port = parts.port or 80
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.scheme not in ("http", "https") or not uri.isprintable() or " " in uri:
        raise typer.BadParameter(
            "Give a whole URL, such as http://localhost:1717/callback.", param_hint="--redirect-uri"
        )
    if parts.query or parts.fragment:
        raise typer.BadParameter("A callback URL has neither query nor fragment.", param_hint="--redirect-uri")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise typer.BadParameter(
            "Salesforce takes https callback URLs only; plain http for localhost alone.", param_hint="--redirect-uri"
        )
    return parts, port


def _connect(conn_id: str, way: Way, timeout_s: int) -> GrantView:
    from airflow_provider_ipaas.hooks import consent

    before = consent.view(conn_id)
    _warn_of_unseen_ledger()
    with ExitStack() as stack:
        listener, why = _listen(stack, way)
        bound_to = f"cli:{secrets.token_urlsafe(24)}"
        url = consent.begin(conn_id, redirect_uri=way.redirect_uri, bound_to=bound_to)
        state = state_of(url)
        if listener is not None:
            listener.expect(state)
        _invite(url, way, before, why if listener is None else None, timeout_s)

        def finish(answer: Answer) -> GrantView:
            return _finish(conn_id, answer, bound_to)

        if listener is None:
            return finish(_pasted(state))
        return _arrived(listener, timeout_s, finish)


def _warn_of_unseen_ledger() -> None:
    """Say so where the tokens may go to another place than the one that Airflow's tasks read."""
    from airflow_provider_ipaas.hooks.tokens import open_token_store

    place = open_token_store().place
    if place.startswith("/") and (problem := database_problem()):
        typer.echo(
            f"Warning: Airflow's metadata database can't be read here ({problem}), so a connection `ipaas_ledger` in it is "
            f"not seen. The tokens go to {place}; Airflow's tasks have to use that file too.\n",
            err=True,
        )


def _listen(stack: ExitStack, way: Way) -> tuple[Listener | None, str]:
    """Take the port; where that can't be, say why the answer has to be pasted."""
    if way.listen_on is None:
        return None, way.why
    from airflow_provider_ipaas.cli._listener import Listener, PortUnavailable

    host, port = way.listen_on
    try:
        return stack.enter_context(Listener(host, port, way.path)), ""
    except PortUnavailable as error:
        return None, f"port {port} can't be listened on, {error}"


def _invite(url: str, way: Way, before: GrantView, why: str | None, timeout_s: int) -> None:
    who = "the user that the sync is to work as (the integration user)"
    if before.username:
        who = f"the user that the sync is to work as; so far that is {before.username}"
    typer.echo(f"Open this address in a browser, sign in as {who}, and press Allow:\n\n{url}\n")
    typer.echo(f"{way.redirect_uri} has to be among the app's Callback URLs, letter by letter.")
    if why is None:
        typer.echo(f"Waiting for the answer there for {timeout_s} seconds; Ctrl-C stops.")
        return
    reason = f"The answer can't be taken from the browser here: {why}.\n" if why else ""
    typer.echo(
        f"{reason}The browser then goes to that address, and may say that it can't be reached: that is all right. Copy the "
        "whole address from its address bar and paste it here, within 10 minutes; Ctrl-C stops."
    )


def _arrived(listener: Listener, timeout_s: int, finish: Callable[[Answer], GrantView]) -> GrantView:
    """Wait for the browser, and show it how it went."""
    from airflow_provider_ipaas.errors import IPaaSSyncError

    answer = listener.wait(timeout_s)
    if answer is None:
        fail(f"No answer came within {timeout_s} seconds; nothing was changed. Run the command again.")
    try:
        grant = finish(answer)
    except IPaaSSyncError as error:
        listener.reply("Not connected", str(error), ok=False)
        raise
    except BaseException:
        listener.reply("Not connected", "The command failed; look at its output.", ok=False)
        raise
    listener.reply("Connected", f"{_who(grant)}. You may close this window.", ok=True)
    return grant


def _pasted(state: str) -> Answer:
    """Ask for the address until it is the right one; never show it, as it holds the code."""
    while True:
        answer = read_pasted(_read_hidden())
        if answer is None:
            _say_wrong("There is no answer of Salesforce in it. Paste the whole address, from http to the end.")
        elif not hmac.compare_digest(answer.state.encode(), state.encode()):
            _say_wrong("It belongs to another Connect. Open the address above, and finish there.")
        else:
            return answer


def _read_hidden() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Address (it is not shown)", hide_input=True, err=True))
    line = sys.stdin.readline()
    if not line:
        fail("No address with the answer arrived on standard input; nothing was changed.")
    return line


def _say_wrong(message: str) -> None:
    typer.echo(message, err=True)


def _finish(conn_id: str, answer: Answer, bound_to: str) -> GrantView:
    from airflow.sdk.log import mask_secret

    from airflow_provider_ipaas.hooks import consent

    if answer.error:
        consent.cancel(answer.state, bound_to=bound_to)
        raise consent.refusal(conn_id, answer.error, answer.description[:200])
    mask_secret(answer.code)
    return consent.finish(answer.state, answer.code, bound_to=bound_to, by=person("connect"))


def _who(grant: GrantView) -> str:
    return f"Connection {grant.conn_id} is connected as {grant.username or grant.user_id} of org {grant.org_id}"


def _report(grant: GrantView) -> None:
    from airflow_provider_ipaas.cli.grants import lines_of
    from airflow_provider_ipaas.errors import IPaaSSyncError
    from airflow_provider_ipaas.hooks import consent
    from airflow_provider_ipaas.hooks.tokens import open_token_store

    try:
        # It asks the org how long the grant lives; it is connected whatever comes of that.
        grant = consent.look_up(grant.conn_id)
    except IPaaSSyncError as error:
        typer.echo(f"Warning: {error}", err=True)
    for line in lines_of(grant, open_token_store().place):
        typer.echo(line)
