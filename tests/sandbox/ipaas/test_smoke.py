from __future__ import annotations

from .conftest import Caller
from .records import address, company, customer


def test_a_company_and_a_customer_can_be_written_and_read_back(api: Caller) -> None:
    made = api.post("customers/v2/Customer/Company", company(addresses=[address(is_primary_billing=True)]))
    assert made.status_code == 200, made.text
    assert api.get(f"customers/v2/Customer/Company/{made.json()['id']}").json()["addresses"][0]["city"] == "Springfield"
    made = api.post("customers/v2/Customer", customer())
    assert made.status_code == 200, made.text
    found = api.get("customers/v2/Customers", params={"action": "equals", "EmailAddress": "ada1@example.com"})
    assert [row["id"] for row in found.json()] == [made.json()["id"]]
