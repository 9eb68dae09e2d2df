"""Reading the address that a browser ended up at."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.cli._answer import Answer, read_pasted, state_of

WHOLE = Answer("s-1", "aPrx==")


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:1717/callback?code=aPrx%3D%3D&state=s-1",
        "  http://localhost:1717/callback?code=aPrx%3D%3D&state=s-1\r\n",
        "'http://localhost:1717/callback?code=aPrx%3D%3D&state=s-1'",
        "<http://localhost:1717/callback?state=s-1&code=aPrx%3D%3D>",
        "localhost:1717/callback?code=aPrx%3D%3D&state=s-1",  # browsers hide the scheme
        "code=aPrx%3D%3D&state=s-1",
        "http://localhost:1717/callback?code=aPrx%3D%3D&state=s-1&sfdc_community_id=x#top",
    ],
)
def test_an_address_is_read_however_it_was_copied(text: str) -> None:
    assert read_pasted(text) == WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aPrx==",
        "http://localhost:1717/callback",
        "http://localhost:1717/callback?code=aPrx",
        "http://localhost:1717/callback?state=s-1",
        "http://[localhost/callback?code=aPrx&state=s-1",
        "https://x.my.salesforce.com/services/oauth2/authorize?response_type=code&state=s-1",
        "?" + "&".join(f"a{number}=1" for number in range(50)),
    ],
)
def test_what_holds_no_answer_is_none(text: str) -> None:
    assert read_pasted(text) is None


def test_code_and_state_do_not_show_up_in_a_repr() -> None:
    assert repr(WHOLE) == "Answer(error='', description='')"


def test_the_state_of_a_page() -> None:
    assert state_of("https://x/authorize?a=b&state=s%2D1") == "s-1"
