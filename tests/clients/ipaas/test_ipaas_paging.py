"""Lists: page headers in any case, pages that shift, pages that never end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.errors import MalformedAnswer, ServiceError

Connect = Callable[..., IPaaSClient]


def page(rows: list[Any], current: int, total: int, name: str = "X-Pagination", **more: str) -> tuple[int, Any, Any]:
    return 200, rows, {name: json.dumps({"current_Page": current, "total_Pages": total, **more})}


def ids(client: IPaaSClient) -> list[str]:
    return [row["id"] for row in client.list("company")]


def test_pages_are_read_to_the_last_with_each_id_once(script: Any, scripted: IPaaSClient) -> None:
    script.answers(page([{"id": 1}, {"id": "2"}], 1, 3), page([{"id": 2}, {"id": 3}], 2, 3), page([{"id": 4}], 3, 3))
    assert ids(scripted) == ["1", "2", "3", "4"]
    numbers = [seen.path.split("pageNumber=")[1].split("&")[0] for seen in script.seen]
    assert numbers == ["1", "2", "3"]


def test_header_and_members_are_read_in_any_case(script: Any, scripted: IPaaSClient) -> None:
    header = {"x-pagination": json.dumps({"CURRENT_PAGE": 1, "Total_pages": "2"})}
    script.answers((200, [{"id": 1}], header), (200, [{"id": 2}], header))
    assert ids(scripted) == ["1", "2"]


def test_without_a_header_there_is_one_page(script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, [{"id": 1}]))
    assert ids(scripted) == ["1"]
    assert len(script.seen) == 1


def test_an_empty_page_ends_the_list(script: Any, scripted: IPaaSClient) -> None:
    script.answers(page([{"id": 1}], 1, 9), page([], 2, 9))
    assert ids(scripted) == ["1"]


def test_a_list_that_grows_while_it_is_read_is_read_on(script: Any, scripted: IPaaSClient) -> None:
    script.answers(page([{"id": 1}], 1, 2), page([{"id": 2}], 2, 3), page([{"id": 3}], 3, 3))
    assert ids(scripted) == ["1", "2", "3"]


def test_the_first_page_may_be_zero(script: Any, connect: Connect) -> None:
    client = connect(
        base_url=script.url,
        auth_mode="api_key",
        overrides={"paging": {"first_page": 0, "page_size": 7}, "query": {"page_size": "pageSize"}},
    )
    script.answers(page([{"id": 1}], 0, 2), page([{"id": 2}], 1, 2))
    assert ids(client) == ["1", "2"]
    assert [seen.path.split("pageNumber=")[1][0] for seen in script.seen] == ["0", "1"]
    assert "pageSize=7" in script.seen[0].path


def test_pages_that_repeat_are_an_error_and_no_short_list(script: Any, scripted: IPaaSClient) -> None:
    script.answers(page([{"id": 1}], 1, 50))
    with pytest.raises(ServiceError) as caught:
        ids(scripted)
    assert str(caught.value) == (
        "iPaaS.com repeats the same page of its companies (page 3 of 50). "
        "Next step: Check `query.page_number` and `paging` in the connection's `api_profile`."
    )


def test_pages_have_a_hard_cap(script: Any, connect: Connect) -> None:
    client = connect(base_url=script.url, auth_mode="api_key", overrides={"paging": {"max_pages": 2}})
    script.answers(page([{"id": 1}], 1, 9), page([{"id": 2}], 2, 9))
    with pytest.raises(ServiceError, match=r"lists more than 2 pages of companies; reading stopped\."):
        ids(client)


def test_a_header_that_tells_no_pages_is_no_answer(script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, [{"id": 1}], {"X-Pagination": "pages: many"}))
    with pytest.raises(MalformedAnswer, match="a header X-Pagination that does not tell the number of pages"):
        ids(scripted)


@pytest.mark.parametrize("body", [{"data": []}, "null", ["x"], [{"name": "no id"}], [{"id": None}], [{"id": True}]])
def test_what_is_no_list_of_records_is_no_answer(body: Any, script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, body))
    with pytest.raises(MalformedAnswer, match=r"iPaaS\.com answered 200 when asked to list the companies, with a"):
        ids(scripted)


def test_rows_stream_before_the_last_page_is_read(script: Any, scripted: IPaaSClient) -> None:
    script.answers(page([{"id": 1}], 1, 2), page([{"id": 2}], 2, 2))
    rows = scripted.list("company")
    assert next(rows)["id"] == "1"
    assert len(script.seen) == 1


def test_find_sends_the_documented_filter(script: Any, scripted: IPaaSClient) -> None:
    script.answers((200, [{"id": 1, "email_address": " A+b@Example.com "}, {"id": 2, "email_address": None}]))
    assert [row["id"] for row in scripted.find("customer", "a+b@example.COM ")] == ["1"]
    assert script.seen[0].path.startswith(
        "/customers/v2/Customers?action=equals&EmailAddress=a%2Bb%40example.COM&pageNumber=1&trackingGuid="
    )
