"""Every string that Python can hold comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Seen
from tests.ledger.support import SCOPE, a_claim, an_item

AWKWARD = [
    "",
    "nul \x00 inside",
    "lone \ud800 surrogate \udfff",
    "\\u0000",
    "\\\\u0000",
    "back\\slash",
    "\\",
    "emoji \U0001f600 and \U0010ffff",
    "quote ' \" % %s :name ;",
    "line\r\nbreak\u2028",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_survives_in_ids_keys_and_json(ledger: SqlLedger, text: str) -> None:
    item = an_item(text, stamp=text, email_key=text, message=text, record={text: [text]}, warnings=(text,))
    ledger.add_items("r1", [item])
    assert ledger.items_by_id("r1", "account", "salesforce", [text]) == {text: item}
    assert ledger.items_by_key("r1", "account", "salesforce", "email_key", [text]) == {text: [item]}
    assert ledger.tally("r1", "account", "salesforce", "seen").warnings == {text: 1}
    assert ledger.claim([a_claim(text)]) == {text}
    assert ledger.claim([a_claim(text)]) == set()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters()), min_size=1, max_size=20, unique=True))
def test_distinct_texts_stay_distinct(ledger: SqlLedger, texts: list[str]) -> None:
    rows = [Seen(text, name_key=text, stamp=text) for text in texts]
    ledger.save_seen(SCOPE, "account", "ipaas", rows)
    assert ledger.seen(SCOPE, "account", "ipaas", texts) == {row.record_id: row for row in rows}
    found = ledger.seen_by(SCOPE, "account", "ipaas", "name_key", texts)
    assert found == {row.record_id: [row] for row in rows}


def test_the_walk_reaches_every_awkward_stamp(ledger: SqlLedger) -> None:
    ledger.add_items("r1", [an_item(text, stamp=other) for text in AWKWARD for other in [*AWKWARD[:1], text]])
    ledger.add_items("r1", [an_item(f"{text}{other}", stamp=other) for text in AWKWARD for other in AWKWARD])
    expected = ledger.count_items("r1", collection="account", side="salesforce")
    given = [
        item.record_id
        for batch in ledger.items("r1", collection="account", side="salesforce", batch=7)
        for item in batch
    ]
    assert len(given) == len(set(given)) == expected
