"""A person with a browser: opens pages, fills in forms, presses buttons, ends up at the app's callback."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth import challenge_of

REDIRECT = "http://localhost:8080/callback"
VERIFIER = "v" * 64


class Page(HTMLParser):
    """What a page shows: its text by element id, its one form."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.answer = answer
        self.action = ""
        self.fields: dict[str, str] = {}
        self.ids: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}
        self.labels: set[str] = set()
        self._open: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids[values["id"]] = values
        if tag == "form":
            self.action = values["action"]
        elif tag == "input":
            self.fields[values["name"]] = values.get("value", "")
        elif tag == "label":
            self.labels.add(values["for"])
        if tag not in {"input", "meta", "link"}:
            self._open.append(values.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in filter(None, self._open):
            self.texts[name] = self.texts.get(name, "") + data


class Person:
    """One person at one browser."""

    def __init__(self, url: str, username: str = credentials.USERNAME) -> None:
        self.url = url
        self.username = username
        self.http = requests.Session()
        self.page: Page | None = None
        self.callback = ""

    def open(self, url: str, **params: str) -> Page:
        """Open a page and follow redirects, as far as this host."""
        return self._arrive(self.http.get(urljoin(self.url, url), params=params, allow_redirects=False, timeout=30))

    def connect(self, **params: str) -> Page:
        """Start at the app: open the authorization page; a parameter set to "" is left out."""
        whole = {
            "response_type": "code",
            "client_id": credentials.CONSUMER_KEY,
            "redirect_uri": REDIRECT,
            "code_challenge": challenge_of(VERIFIER),
            "state": "s t&/+%",
            **params,
        }
        return self.open("/services/oauth2/authorize", **{name: value for name, value in whole.items() if value})

    def press(self, button: str, **fields: str) -> Page:
        """Send the page's form with the named button."""
        assert self.page is not None
        pressed = self.page.ids[button]
        form = {**self.page.fields, pressed["name"]: pressed.get("value", ""), **fields}
        url = urljoin(self.page.answer.url, self.page.action)
        return self._arrive(self.http.post(url, data=form, allow_redirects=False, timeout=30))

    def log_in(self, password: str = credentials.SALESFORCE_PASSWORD) -> Page:
        """Fill in the login form."""
        return self.press("Login", username=self.username, pw=password)

    def allow(self) -> str:
        """Go the whole way from the authorization page, whatever is asked; return the code."""
        page = self.connect()
        if "Login" in page.ids:
            page = self.log_in()
        if "oaapprove" in page.ids:
            self.press("oaapprove")
        return self.answer()["code"]

    def answer(self) -> dict[str, str]:
        """Return what the callback was told."""
        assert self.callback, self.page and self.page.answer.text
        found = {name: values[0] for name, values in parse_qs(urlsplit(self.callback).query).items()}
        self.callback = ""
        return found

    def _arrive(self, answer: requests.Response) -> Page:
        while answer.status_code in {302, 303}:
            there = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(there).netloc != urlsplit(self.url).netloc:
                self.callback = there
                break
            answer = self.http.get(there, allow_redirects=False, timeout=30)
        self.page = Page(answer)
        return self.page


def exchange(client: Any, code: str, **form: str) -> requests.Response:
    """Exchange a code as the app does; a field set to "" is left out."""
    whole = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER, **form}
    return client.token(grant_type="authorization_code", **{name: value for name, value in whole.items() if value})
