"""`airflow-ipaas status` and `airflow-ipaas reset`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from typer.testing import Result

from airflow_provider_ipaas.cli.grants import lines_of
from airflow_provider_ipaas.hooks.consent import GrantView
from airflow_provider_ipaas.hooks.tokens import open_token_store
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.cli.command import Browser, Host

Run = Callable[..., Result]
# Any other valid key.
OTHER_KEY = "b3RoZXItZmVybmV0LWtleS1vZi10ZXN0LXN1aXRlLjI="


class TestStatus:
    def test_a_connected_one_is_told(self, here: Run, connected: Browser) -> None:
        done = here("status", "sf")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.startswith("Connection `sf` is connected to Salesforce.\n")
        for told in (known.USERNAME, known.ORG_ID, "api, refresh_token", "by tester", "tokens.db"):
            assert told in done.stdout
        assert connected.code not in done.stdout

    def test_the_end_that_the_org_tells_is_told(self, here: Run, sandbox: Sandbox, connected: Browser) -> None:
        sandbox.salesforce.switches.set("refresh_token_policy", "fixed")
        assert "  lives    until 20" in here("status", "sf").stdout

    def test_a_grant_that_was_revoked_is_exit_status_1(self, here: Run, sandbox: Sandbox, connected: Browser) -> None:
        sandbox.org.oauth.revoke_all()
        done = here("status", "sf")
        assert done.exit_code == 1
        assert done.stdout.startswith("Connection `sf` is not connected: ")
        assert "has expired or was revoked" in done.stdout
        assert "lives" not in done.stdout
        assert "  connect  airflow-ipaas connect sf" in done.stdout

    def test_nobody_has_connected_it(self, here: Run) -> None:
        done = here("status", "sf")
        assert done.exit_code == 1
        assert done.stdout.splitlines() == [
            "Connection `sf` is not connected: Nobody has connected it yet. Press Connect.",
            "  connect  airflow-ipaas connect sf",
        ]

    def test_a_missing_one_gets_the_ways_to_define_it(self, here: Run) -> None:
        done = here("status", "elsewhere")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "AIRFLOW_CONN_ELSEWHERE" in done.stderr


class TestReset:
    def test_the_command_revokes_and_forgets(self, host: Host, sandbox: Sandbox, connected: Browser) -> None:
        ended = host.run("reset", "sf", "--yes")
        assert (ended.status, ended.err) == (0, "")
        assert ended.out == ("Connection `sf`: Salesforce has revoked the grant, and the stored tokens are deleted.\n")
        assert not open_token_store().exists("sf")
        revoked = [entry for entry in sandbox.journal.entries(service="salesforce") if "revoke" in entry["path"]]
        assert [entry["status"] for entry in revoked] == [200]

    def test_it_asks_first_and_says_what_would_end(self, here: Run, connected: Browser) -> None:
        done = here("reset", "sf", typed="n\n")
        assert done.exit_code == 1
        assert f"Connection `sf` is connected as {known.USERNAME} of org {known.ORG_ID}." in done.stdout
        assert done.stderr.endswith("Nothing was changed.\n")
        assert open_token_store().exists("sf")
        done = here("reset", "sf", typed="y\n")
        assert done.exit_code == 0
        assert not open_token_store().exists("sf")

    def test_where_nobody_can_answer_nothing_is_changed(self, here: Run, connected: Browser) -> None:
        done = here("reset", "sf", typed="")
        assert done.exit_code == 1
        assert "Give --yes where nobody can answer." in done.stderr
        assert open_token_store().exists("sf")

    def test_a_grant_that_had_ended_is_deleted_all_the_same(
        self, here: Run, sandbox: Sandbox, connected: Browser
    ) -> None:
        sandbox.org.oauth.revoke_all()
        done = here("reset", "sf", "--yes")
        assert done.exit_code == 0
        assert "the stored tokens are deleted; the grant was not revoked.\n" in done.stdout
        assert "Salesforce says that the grant had ended already." in done.stdout
        assert not open_token_store().exists("sf")

    def test_a_grant_of_a_lost_key_is_deleted_and_said_not_to_be_revoked(
        self, here: Run, connected: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", OTHER_KEY)
        done = here("reset", "sf", typed="y\n")
        assert done.exit_code == 0, done.stderr
        assert "Connection `sf` has a stored grant that can't be read here." in done.stdout
        assert "deleted but not revoked" in done.stdout
        assert not open_token_store().exists("sf")

    @pytest.mark.parametrize("left", ["deleted", "another flow"])
    def test_what_is_left_of_a_connection_can_be_revoked(
        self, here: Run, host: Host, sandbox: Sandbox, connected: Browser, left: str
    ) -> None:
        if left == "deleted":
            del host.connections["sf"]
        else:
            host.connections["sf"]["extra"] = {"auth_flow": "client_credentials"}
        done = here("reset", "sf", "--yes")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout == "Connection `sf`: Salesforce has revoked the grant, and the stored tokens are deleted.\n"
        assert not open_token_store().exists("sf")
        assert all(grant.revoked for grant in sandbox.org.oauth.grants[1:])

    def test_one_that_is_not_connected(self, here: Run) -> None:
        done = here("reset", "sf", "--yes")
        assert done.exit_code == 0
        assert done.stdout == "Connection `sf` had no stored tokens; nothing was changed.\n"

    def test_one_with_a_refresh_token_of_its_own_says_what_is_left_to_do(self, here: Run, host: Host) -> None:
        host.connections["sf"]["extra"] = {"refresh_token": known.REFRESH_TOKEN}
        done = here("reset", "sf", "--yes")
        assert "take it out of the form" in done.stdout
        assert known.REFRESH_TOKEN not in done.output

    @pytest.mark.parametrize(
        ("conn_id", "message"), [("elsewhere", "AIRFLOW_CONN_ELSEWHERE"), ("ipaas_default", "is of type `ipaas`")]
    )
    def test_a_wrong_connection_is_told_before_anything_is_asked(self, here: Run, conn_id: str, message: str) -> None:
        done = here("reset", conn_id, typed="y\n")
        assert (done.exit_code, done.stdout) == (1, "")
        assert message in done.stderr


def test_renewals_are_told_in_words() -> None:
    moment = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
    shown = GrantView(
        conn_id="sf",
        status="connected",
        user_id="005xx",
        org_id="00Dxx",
        instance_url="https://acme.my.salesforce.com",
        connected_at=moment,
        connected_by="ada",
        refreshed_at=moment,
        refreshes=7,
        alive_until=moment,
    )
    assert lines_of(shown, "db:5432/ipaas") == [
        "Connection `sf` is connected to Salesforce.",
        "  user     005xx",
        "  org      00Dxx at https://acme.my.salesforce.com",
        "  scopes   not told",
        "  since    2026-11-26 10:30 UTC, by ada",
        "  renewed  2026-11-26 10:30 UTC, 7 in all",
        "  lives    until 2026-11-26 10:30 UTC, says Salesforce now",
        "  tokens   encrypted in db:5432/ipaas",
    ]
