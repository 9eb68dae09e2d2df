"""Record ids of both services, checked before anything is read with them."""

from __future__ import annotations

import re

from airflow_provider_ipaas.errors import ConfigurationError

from .model import Collection

PREFIX: dict[Collection, str] = {"account": "001", "contact": "003"}
OBJECT: dict[Collection, str] = {"account": "Account", "contact": "Contact"}

_SALESFORCE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_IPAAS = re.compile(r"[A-Za-z0-9-]{1,64}")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def to_18(salesforce_id: str) -> str:
    """Return the 18-character form of a 15- or 18-character id (three groups of five, a bit per capital letter)."""
    base = salesforce_id[:15]
    groups = (base[0:5], base[5:10], base[10:15])
    suffix = "".join(_SUFFIX[sum(1 << i for i, char in enumerate(group) if "A" <= char <= "Z")] for group in groups)
    return base + suffix


def looks_like_salesforce(value: str) -> bool:
    """Tell a Salesforce id from an iPaaS.com id: 15 or 18 alphanumeric characters starting with `00`."""
    return value.startswith("00") and _SALESFORCE.fullmatch(value) is not None


def full_id(value: str) -> str:
    """Return an external id as Salesforce writes ids: one of 15 characters gets its suffix, all else stays."""
    return to_18(value) if len(value) == 15 and looks_like_salesforce(value) else value


def split_record_ids(values: object, collection: Collection | None) -> tuple[list[str], list[str]]:
    """Split the `record_ids` param into Salesforce ids (18 characters) and iPaaS.com ids, each once, in order.

    *collection*: whose ids they are; None: of either. Raises ConfigurationError naming the first value that is neither.
    """
    if not isinstance(values, list | tuple):
        raise ConfigurationError(
            f"record_ids is {type(values).__name__}, not an array of strings.",
            next_step='Give the ids as an array, for instance ["001D000000IqhSLIAZ", "1234"].',
        )
    salesforce: dict[str, None] = {}
    ipaas: dict[str, None] = {}
    for value in values:
        if not isinstance(value, str):
            raise _malformed(value, "is not a string", collection)
        if looks_like_salesforce(value):
            salesforce[_checked(value, collection)] = None
        elif _IPAAS.fullmatch(value):
            ipaas[value] = None
        else:
            raise _malformed(value, "is neither a Salesforce id nor an iPaaS.com id", collection)
    return list(salesforce), list(ipaas)


def _checked(value: str, collection: Collection | None) -> str:
    if not value.startswith(_prefixes(collection)):
        problem = f"is not the id of {_named(collection)} (those start with {' or '.join(_prefixes(collection))})"
        raise _malformed(value, problem, collection)
    full = to_18(value)
    if len(value) == 18 and value != full:
        raise _malformed(value, f"has a wrong checksum (its first 15 characters make {full})", collection)
    return full


def _prefixes(collection: Collection | None) -> tuple[str, ...]:
    return (PREFIX[collection],) if collection else tuple(PREFIX.values())


def _named(collection: Collection | None) -> str:
    return {"account": "an Account", "contact": "a Contact", None: "an Account or Contact"}[collection]


def _malformed(value: object, problem: str, collection: Collection | None) -> ConfigurationError:
    shown = repr(value if len(str(value)) <= 80 else str(value)[:77] + "...")
    what = f"{OBJECT[collection]} ids" if collection else "ids"
    return ConfigurationError(
        f"record_ids: {shown} {problem}. Nothing was read or written.",
        next_step=(
            f"Copy the id from the record's page: Salesforce {what} have 15 or 18 letters and digits "
            f"and start with {' or '.join(_prefixes(collection))}, iPaaS.com ids have up to 64 letters, digits and hyphens."
        ),
    )
