"""Mapped fields that Salesforce does not let us use any more: each stops alone, says so, and catches up once mended.

A field breaks when the API user does not see it (removed, or read permission lost), or may not write it though the mapping
does (edit permission lost). It is left out of the plan then, so what the link remembers of it stays: the change that waits
there is found again when the field is whole. What records are recognised by can't be left out: that stops the run. So does a
field that never was there, for that is a mistake in the mapping.
"""

from __future__ import annotations

from collections.abc import Collection as Names
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping import CollectionMapping, Showing
from airflow_provider_ipaas.mapping.naming import salesforce_name

from .context import Sync
from .model import Link, Side
from .windows import Window

Why = Literal["missing", "read_only"]
FIELD_BROKEN = "field_broken"
# What a person can do about a field that is not there, or may not be written.
REQUIRED = "Give the integration user read and edit permission on the field again, or take it out of the mapping."
# Describe is remembered for an hour, and clocks differ.
_MARGIN = timedelta(hours=2)
# What records are recognised by, and created with.
_NEEDED = {"account": {"Name"}, "contact": {"LastName", "Email"}}
_WORDS: dict[str, str] = {
    "missing": "the API user does not see it",
    "read_only": "the API user may not edit it",
}


def find_broken(mapping: CollectionMapping, visible: Names[str], fixed: Names[str]) -> dict[str, Why]:
    """Return the broken fields of a mapping by key; *fixed* are the visible ones that the API user may not write."""
    broken: dict[str, Why] = {}
    writable = [name for name in mapping.salesforce_writable_fields if name in visible and name not in fixed]
    for rule in mapping.fields:
        names = [name for name in mapping.names_of(rule) if "." not in name and name != "Id"]
        if any(name not in visible for name in names):
            broken[rule.key] = "missing"
        elif writable and rule.writes_salesforce and any(name in fixed for name in names):
            # Where nothing is writable it is the object's permission, which the first write tells.
            broken[rule.key] = "read_only"
    return broken


def check_fields(sync: Sync, visible: Names[str], fixed: Names[str]) -> None:
    """Note on the run which fields are broken. Raises ConfigurationError where one can't be left out.

    Only a field that was whole in an earlier run breaks; one that never was there is a mistake in the mapping.
    """
    key = _run_fact(sync)
    if key in sync.run.facts and _still_there(sync, visible):
        return
    used = _used(sync)
    lost = find_broken(sync.mapping, visible, fixed)
    _refuse_missing(sync, visible, {k for k, why in lost.items() if why == "missing" and not _names(sync, [k]) <= used})
    told = _remembered(sync)
    now = sync.clock().isoformat()
    # What was edited since the last complete run may be read by this one, and without the field.
    watermark = sync.ledger.watermark(sync.scope, sync.collection, "salesforce")
    unread = watermark.isoformat() if watermark else now
    found = {
        name: {
            "field": salesforce_name(sync.mapping.rule(name)),
            "why": why,
            "since": told.get(name, {}).get("since", now),
            "unread": told.get(name, {}).get("unread", unread),
        }
        for name, why in lost.items()
        if _names(sync, [name]) <= used
    }
    sync.run.facts[key] = found
    sync.ledger.update_run(sync.run.run_key, facts={key: found})
    if sync.params.dry_run:
        return
    if any(name not in told for name in found):
        sync.ledger.set_fact(sync.scope, _fact(sync), {**told, **found})
    whole = _names(sync, [rule.key for rule in sync.mapping.fields if rule.key not in lost])
    if not whole <= used:
        sync.ledger.set_fact(sync.scope, _used_fact(sync), sorted(used | whole))


def was_checked(sync: Sync) -> bool:
    """Tell whether this run knows already which fields are broken."""
    return _run_fact(sync) in sync.run.facts


def _still_there(sync: Sync, visible: Names[str]) -> bool:
    return all(name in visible for name in _own_fields(sync) if name not in _names(sync, broken_fields(sync)))


def _refuse_missing(sync: Sync, visible: Names[str], unknown: Names[str]) -> None:
    """Stop where the mapping's filters, its expressions or the matching need what is not there, or it never was."""
    read = {path[0] for path in sync.mapping.paths("salesforce") if len(path) == 1}
    needed = (read | _NEEDED[sync.collection] | _names(sync, unknown)) - {"Id"} - set(visible)
    missing = sorted(name for name in needed if name in sync.mapping.salesforce_fields and "." not in name)
    if missing:
        raise ConfigurationError(
            f"The mapping of collection {sync.collection} uses {', '.join(missing)}, which the API user of connection "
            f"{sync.settings.salesforce_conn_id} does not see on {sync.sobject}.",
            next_step="Give the integration user read and edit permission on the field, or take it out of the mapping.",
        )


def broken_fields(sync: Sync) -> dict[str, dict[str, str]]:
    """Return the fields that this run leaves out, by key: `field`, `why`, `since`, and `unread`: since when it misses edits."""
    found: dict[str, dict[str, str]] = sync.run.facts.get(_run_fact(sync), {})
    return found


def reason_text(told: dict[str, str]) -> str:
    """Say why a field is left out."""
    return f"{told['field']} is left out: {_WORDS.get(told['why'], told['why'])}"


def in_doubt(sync: Sync, side: Side) -> tuple[str, ...]:
    """Return the keys by which a record of *side* may differ from its link though its version was seen already.

    Those are the fields that were broken since the last complete run, and in iPaaS.com also those that are still.
    """
    broken = broken_fields(sync) if side == "salesforce" else {}
    keys = {rule.key for rule in sync.mapping.fields}
    return tuple(key for key in _remembered(sync) if key in keys and key not in broken)


def differs(mapping: CollectionMapping, link: Link | None, side: Side, shown: Showing, keys: Names[str]) -> bool:
    """Tell a record that shows something else of these fields than its link remembers."""
    if link is None:
        return False
    before = (link.salesforce_showing if side == "salesforce" else link.ipaas_showing) or {}
    return any(not mapping.same(key, before.get(key), shown.get(key)) for key in keys)


def reach_back(sync: Sync, window: Window) -> Window:
    """Read whole rows from before a field broke that is whole again: its edits moved stamps, and were not seen."""
    mended = [_remembered(sync)[key]["unread"] for key in in_doubt(sync, "salesforce")]
    if not mended or window.start is None or window.whole_from is None:
        return window
    since = min(datetime.fromisoformat(moment) for moment in mended) - _MARGIN
    return replace(window, start=min(window.start, since), whole_from=min(window.whole_from, since))


def told_broken(sync: Sync) -> list[dict[str, Any]]:
    """Return what the summary says of broken fields; `new` marks those that no run has told of yet."""
    told = _remembered(sync)
    return [
        {
            "field": each["field"],
            "why": each["why"],
            "since": each["since"],
            "new": not told.get(key, {}).get("told", False),
            "next_step": REQUIRED,
        }
        for key, each in broken_fields(sync).items()
    ]


def remember_told(sync: Sync, *, complete: bool) -> None:
    """Note that people were told; after a *complete* run forget fields that are whole again."""
    told = _remembered(sync)
    broken = broken_fields(sync)
    # One that broke since this run began was whole when it looked, and is not mended for that.
    left = {key: each for key, each in told.items() if key in broken or not complete or _is_since(each, sync)}
    left |= {key: {**each, "told": True} for key, each in left.items() if key in broken}
    mended = [each["field"] for key, each in told.items() if key not in left]
    if mended:
        sync.log.info("Mended, and carried over what had changed: %s.", ", ".join(mended))
    if left != told:
        sync.ledger.set_fact(sync.scope, _fact(sync), left)


def _is_since(told: dict[str, Any], sync: Sync) -> bool:
    started = sync.run.started_at
    return started is not None and datetime.fromisoformat(told["since"]) >= started


def _own_fields(sync: Sync) -> list[str]:
    return [name for name in sync.mapping.salesforce_fields if "." not in name]


def _names(sync: Sync, keys: Names[str]) -> set[str]:
    return {name for rule in sync.mapping.fields if rule.key in keys for name in sync.mapping.names_of(rule)}


def _remembered(sync: Sync) -> dict[str, Any]:
    stored = sync.ledger.fact(sync.scope, _fact(sync))
    return dict(stored[0]) if stored else {}


def _used(sync: Sync) -> set[str]:
    """Return the Salesforce fields that were whole in some run."""
    stored = sync.ledger.fact(sync.scope, _used_fact(sync))
    return set(stored[0]) if stored else set()


def _used_fact(sync: Sync) -> str:
    return f"fields_used:{sync.collection}"


def _fact(sync: Sync) -> str:
    return f"broken_fields:{sync.collection}"


def _run_fact(sync: Sync) -> str:
    return f"broken:{sync.collection}"
