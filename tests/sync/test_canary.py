"""The comparison behind canaries: a value in a service's own form is none of its surprises."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_ipaas.sync.canary import CanarySurprise, alike, compare


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Acme", "Acme", True),
        (" Acme ", "acme", True),
        ("(512) 555-0100", "5125550100", True),
        (None, "-", True),
        (None, "", True),
        ("a", "b", False),
        ("!", "?", False),
        ("!", " ! ", True),
        ({"City": "Austin", "State": None}, {"City": "AUSTIN"}, True),
        ({"City": "Austin"}, {"City": "Waco"}, False),
        (1, "1", True),
    ],
)
def test_two_forms_of_one_value(a: Any, b: Any, *, same: bool) -> None:
    assert alike(a, b) is same
    assert alike(b, a) is same


def test_a_write_that_arrives_is_no_surprise() -> None:
    sent = {"name": "Acme", "phone": "(1)", "fax": None}
    compare("ipaas", "update", "1", sent, {"name": "ACME", "phone": "1", "fax": "9", "url": "x"}, {"url": "X"})


@pytest.mark.parametrize(
    ("service", "sent", "shown", "kept", "what", "mend"),
    [
        (
            "ipaas",
            {"name": "a", "fax": "1"},
            {"name": None, "fax": None},
            None,
            "ipaas did not take over fax, name in the first create (record 1)",
            "Compare the names of these fields",
        ),
        (
            "ipaas",
            {"name": "a"},
            {"name": "a", "url": None, "terms": None},
            {"url": "x", "terms": "y"},
            "ipaas changed terms, url, which was not written in the first create (record 1)",
            'Set "put": "replace"',
        ),
        ("ipaas", {"mailing_address": "a"}, {}, None, "ipaas did not take over mailing_address", '"addresses": "off"'),
        ("ipaas", {"phone": "1"}, {}, None, "ipaas did not take over phone", '"addresses": "off"'),
        ("salesforce", {"name": "a"}, {}, None, "salesforce did not take over name", "missing edit permission"),
        (
            "salesforce",
            {"name": "a"},
            {"name": "a", "fax": "2"},
            {"fax": "1"},
            "salesforce changed fax, which was not written",
            "Look for the flow or trigger",
        ),
    ],
)
def test_what_a_surprise_says(
    service: Any, sent: dict[str, Any], shown: dict[str, Any], kept: dict[str, Any] | None, what: str, mend: str
) -> None:
    with pytest.raises(CanarySurprise) as caught:
        compare(service, "create", "1", sent, shown, kept)
    assert caught.value.message.startswith(f"canary: {what}")
    assert mend in (caught.value.next_step or "")
    assert caught.value.lost == tuple(sorted(key for key in sent if shown.get(key) is None))
    assert caught.value.changed == tuple(sorted(kept or ()))
