"""The first write of each kind is one record, read back and compared: nobody has seen every service's write side.

A surprise stops the run and names the switch of the API profile (or the permission) that would fit.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_ipaas.errors import IPaaSSyncError

from .context import Sync
from .model import Side

_NOT_WORD = re.compile(r"[\W_]+")


class CanarySurprise(IPaaSSyncError):
    """The service did something else with the first write than the profile says; the run stops.

    *lost* are fields that were sent and did not arrive, *changed* those that were not written and changed.
    """

    lost: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def canary_key(sync: Sync, service: Side, op: str) -> str:
    """Name the canary of one service, kind, operation and profile."""
    profile = sync.settings.profile_fingerprint if service == "ipaas" else "salesforce"
    return f"canary:{service}:{sync.collection}:{op}:{profile}"


def canary_due(sync: Sync, service: Side, op: str) -> bool:
    return sync.ledger.fact(sync.scope, canary_key(sync, service, op)) is None


def canary_passed(sync: Sync, service: Side, op: str) -> None:
    """Remember that the first write of this kind did what it should."""
    sync.ledger.set_fact(sync.scope, canary_key(sync, service, op), True)
    sync.log.info("Canary %s in %s passed: read back, every field as expected.", op, service)


def compare(
    service: Side,
    op: str,
    record_id: str,
    sent: dict[str, Any],
    shown: dict[str, Any],
    kept_before: dict[str, Any] | None = None,
) -> None:
    """Hold what the service shows after the canary against what was sent and what should have been kept.

    A service may store a value in its own form (trimmed, a phone formatted): only letters and digits count. Raises
    CanarySurprise.
    """
    lost = [key for key, value in sent.items() if value is not None and not alike(value, shown.get(key))]
    changed = [
        key for key, value in (kept_before or {}).items() if key not in sent and not alike(value, shown.get(key))
    ]
    if not lost and not changed:
        return
    what = []
    if lost:
        what.append(f"did not take over {', '.join(sorted(lost))}")
    if changed:
        what.append(f"changed {', '.join(sorted(changed))}, which was not written")
    surprise = CanarySurprise(
        f"canary: {service} {' and '.join(what)} in the first {op} (record {record_id}). The run stopped after this one "
        "record; its link is kept.",
        next_step=_mend(service, lost, changed),
    )
    surprise.lost, surprise.changed = tuple(sorted(lost)), tuple(sorted(changed))
    raise surprise


def told_before(sync: Sync, service: Side, op: str, surprise: CanarySurprise) -> bool:
    """Tell whether people have been told of exactly these changed fields, and remember that they are told now.

    A flow of a Salesforce org may well set other fields at each update: that is worth one red run, not all of them.
    """
    key = f"{canary_key(sync, service, op)}:told"
    stored = sync.ledger.fact(sync.scope, key)
    sync.ledger.set_fact(sync.scope, key, list(surprise.changed))
    return not surprise.lost and stored is not None and tuple(stored[0]) == surprise.changed


def _mend(service: Side, lost: list[str], changed: list[str]) -> str:
    if service == "salesforce" and not lost:
        return (
            "Look for the flow or trigger that sets these fields. If the org means it, do nothing: the next run takes it "
            "for the org's way, and what it sets is synced as an edit."
        )
    if service == "salesforce":
        return "Look for a flow, trigger or missing edit permission on these fields, or take them out of the mapping."
    if any("address" in key or key == "phone" for key in lost):
        return (
            'Where addresses are not nested in the record, set "addresses": "off" in the connection\'s api_profile; '
            "otherwise correct the names under the profile's addresses."
        )
    if changed:
        return 'Set "put": "replace" in the connection\'s api_profile (the default) and correct its server_fields.'
    return "Compare the names of these fields with the swagger document of your iPaaS.com and override them in api_profile."


def alike(a: Any, b: Any) -> bool:
    """Tell two forms of one value, which differ in blanks, punctuation or case only, from two values."""
    return a == b or _plain(a) == _plain(b)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "|".join(_plain(value[key]) for key in sorted(value) if value[key])
    if value is None or value == "-":
        return ""
    text = _NOT_WORD.sub("", str(value)).casefold()
    return text or str(value).strip()
