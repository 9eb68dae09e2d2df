"""Bodies that the emulator takes as they are."""

from __future__ import annotations

from typing import Any


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


def code(answer: Any) -> str:
    """Return the error code of an answer, wherever it is."""
    import re

    found = re.search(r"\b(AUTH|AUTZ|VALD|BIZL|NFND|INTL)-\d{4}\b", f"{answer.reason} {answer.text}")
    return found.group(0) if found else ""
