"""Bodies that the emulator takes as they are, and paths."""

from __future__ import annotations

import re
from typing import Any

CUSTOMER = "customers/v2/Customer"
CUSTOMERS = "customers/v2/Customers"
COMPANY = "customers/v2/Customer/Company"
COMPANIES = "customers/v2/Customer/Companies"
EXTERNAL = "customers/v2/External"
SYSTEM = 5501


def address(**values: Any) -> dict[str, Any]:
    return {
        "first_name": "Ada",
        "last_name": "Berg",
        "address_1": "1 Main St",
        "city": "Springfield",
        "region": "IL",
        "country": "US",
        "postal_code": "62701",
        **values,
    }


def customer(number: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "customer_number": f"C-{number}",
        "first_name": "Ada",
        "last_name": "Berg",
        "email_address": f"ada{number}@example.com",
        **values,
    }


def company(**values: Any) -> dict[str, Any]:
    return {"name": "Acme", **values}


def link(internal_id: object, external_id: str = "0015g00000AAAAAAA0", **values: Any) -> dict[str, Any]:
    return {
        "table_name": "Customer Company",
        "system_id": SYSTEM,
        "external_id": external_id,
        "internal_id": str(internal_id),
        **values,
    }


def code(answer: Any) -> str:
    """Return the status and error code of an answer, wherever the code is."""
    found = re.search(r"\b(AUTH|AUTZ|VALD|BIZL|NFND|INTL)-\d{4}\b", f"{answer.reason} {answer.text}")
    return f"{answer.status_code} {found.group(0) if found else ''}".strip()
