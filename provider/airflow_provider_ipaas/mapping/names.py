"""Names of Salesforce fields in a mapping: their form, and the misspelt ones."""

from __future__ import annotations

import difflib
import re

from airflow_provider_ipaas.mapping.problems import Refused, meant
from airflow_provider_ipaas.mapping.rules import Collection
from airflow_provider_ipaas.mapping.vocabulary import ADDRESS_PREFIXES, SALESFORCE_FIELDS

_API_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}")


def check_salesforce_name(collection: Collection, name: str, part: tuple[str | int, ...]) -> None:
    """Raise `Refused` for what is no API name, a compound field, or a misspelt standard field."""
    if not _API_PATH.fullmatch(name):
        mend = "Use the API name, such as `Languages__c`, or a path such as `Account.Name`."
        raise Refused(part, f"{name!r} is no API name.", mend)
    if name in {prefix + "Address" for prefix in ADDRESS_PREFIXES[collection]}:
        mend = f"Write `salesforce: {{address: {name.removesuffix('Address')}}}`."
        raise Refused(part, f"{name!r} is a compound field.", mend)
    known = SALESFORCE_FIELDS[collection]
    if "_" in name or "." in name or name in known:
        return
    mend = meant(name, known)
    if mend.startswith("Did you mean") and _is_typo(name, known):
        raise Refused(part, f"{name!r} is no field of this object.", mend)


def _is_typo(name: str, known: tuple[str, ...]) -> bool:
    """Tell a misspelt standard field from one that only this release does not list."""
    return bool(difflib.get_close_matches(name.casefold(), [word.casefold() for word in known], n=1, cutoff=0.85))
