"""The HTML pages of the org: login, approval, errors."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from airflow_provider_ipaas.sandbox.salesforce.oauth_errors import OAuthError
from airflow_provider_ipaas.sandbox.salesforce.scopes import WORDS
from airflow_provider_ipaas.sandbox.salesforce.users import User

APP_NAME: Final = "Airflow iPaaS Sync"
LOGOUT_PATH: Final = "/secur/logout.jsp"
APPROVAL_PATH: Final = "/setup/secur/RemoteAccessAuthorizationPage.apexp"

# No form-action: browsers apply it to the redirect that follows the approval, which goes to the app's own host.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_STYLE: Final = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6f9; color: #16325c; font: 16px/1.5 system-ui, sans-serif; }
.mark { margin: 0; padding: .5rem 1rem; background: #fe9339; color: #1b0d00; text-align: center; font-weight: 600; }
main { max-width: 26rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #d8dde6;
  border-radius: .25rem; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; }
label { display: block; margin: 1rem 0 .25rem; font-size: .85rem; }
input { width: 100%; padding: .6rem; border: 1px solid #747474; border-radius: .25rem; font: inherit; }
button { padding: .6rem 1.2rem; border: 1px solid #0070d2; border-radius: .25rem; background: #0070d2; color: #fff;
  font: inherit; cursor: pointer; }
button.plain { background: #fff; color: #0063ba; }
.row { display: flex; gap: .75rem; justify-content: flex-end; margin-top: 1.5rem; }
.error { padding: .75rem; border-left: .25rem solid #c23934; background: #fdf0ef; color: #8e030f; }
.quiet { font-size: .85rem; color: #54698d; overflow-wrap: anywhere; }
a { color: #0063ba; }
"""


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} | Salesforce sandbox'
        '</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<style>{_STYLE}</style></head><body><p class="mark">Local sandbox, not Salesforce: never type a real password '
        f"here.</p><main>{content}</main></body></html>"
    )
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def login_page(start_url: str, username: str, error: str | None = None) -> HTMLResponse:
    """Return the login form; `start_url` is where the login leads."""
    alert = f'<p class="error" id="error" role="alert">{escape(error)}</p>' if error else ""
    described = ' aria-describedby="error"' if error else ""
    return _page(
        "Login",
        f"<h1>Log in to Sandbox Org</h1>{alert}"
        f'<form method="post" action="/" id="login_form"><input type="hidden" name="startURL" value="{escape(start_url)}">'
        '<label for="username">Username</label>'
        f'<input id="username" name="username" type="email" autocomplete="username" required value="{escape(username)}"'
        f"{described}>"
        '<label for="password">Password</label>'
        f'<input id="password" name="pw" type="password" autocomplete="current-password" required{described}>'
        '<p class="row"><button id="Login" name="Login" type="submit">Log In</button></p></form>',
    )


def home_page(user: User) -> HTMLResponse:
    """Return the page of a user who is logged in and wants nothing."""
    return _page(
        "Home",
        f'<h1>Sandbox Org</h1><p>Logged in as <strong id="user">{escape(user.username)}</strong>.</p>'
        f'<p><a id="logout" href="{LOGOUT_PATH}">Log out</a></p>',
    )


def consent_page(user: User, scopes: Iterable[str], *, number: str, csrf: str, start_url: str) -> HTMLResponse:
    """Return the approval form: who is asked by which app for what."""
    wishes = "".join(f"<li>{escape(WORDS[scope])}</li>" for scope in scopes)
    elsewhere = escape(f"{LOGOUT_PATH}?{urlencode({'startURL': start_url})}")
    return _page(
        "Allow Access?",
        f'<h1>Allow Access?</h1><p><strong id="app">{escape(APP_NAME)}</strong> is asking to:</p>'
        f'<ul id="scopes">{wishes}</ul>'
        f'<p>Do you want to allow access for <strong id="user">{escape(user.username)}</strong>? '
        f'<a id="not-you" href="{elsewhere}">Not you?</a></p>'
        f'<form method="post" action="{APPROVAL_PATH}"><input type="hidden" name="request" value="{escape(number)}">'
        f'<input type="hidden" name="csrf" value="{escape(csrf)}"><p class="row">'
        '<button id="oadeny" name="decision" value="deny" type="submit" class="plain">Deny</button>'
        '<button id="oaapprove" name="decision" value="allow" type="submit">Allow</button></p></form>'
        "<p class='quiet'>To revoke access later: POST /services/oauth2/revoke, or the sandbox's controls.</p>",
    )


def error_page(error: OAuthError) -> HTMLResponse:
    """Return the page of a request that must not go back to the app."""
    return _page(
        "Error",
        "<h1>We can't authorize you because of an OAuth error.</h1>"
        f'<p class="error" id="error" role="alert">{escape(error.error)}: {escape(error.description)}</p>'
        f'<p class="quiet">error={escape(error.error)}&amp;error_description={escape(error.description)}</p>',
        status=error.status,
    )
