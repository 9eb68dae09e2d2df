"""Faults: rules that make an emulated service misbehave in a chosen way at a chosen call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

ActionKind = Literal[
    "status", "delay", "drop", "truncate", "html", "malformed_json", "expired_token", "limit_exceeded", "record_error"
]
ACTIONS: Final[tuple[ActionKind, ...]] = (
    "status",
    "delay",
    "drop",
    "truncate",
    "html",
    "malformed_json",
    "expired_token",
    "limit_exceeded",
    "record_error",
)
SERVICES: Final = ("salesforce", "ipaas")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refuse single records of a write: by position in the call, by a field's value, or all."""

    code: str
    message: str
    fields: Sequence[str] = ()
    indexes: frozenset[int] | None = None
    where: Mapping[str, Any] | None = None

    def meets(self, record: Mapping[str, Any], index: int) -> bool:
        """Say whether this record is refused."""
        if self.indexes is not None and index not in self.indexes:
            return False
        lowered = {key.lower(): value for key, value in record.items()}
        return all(lowered.get(key.lower()) == value for key, value in (self.where or {}).items())


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a call a rule has picked."""

    kind: ActionKind
    status: int = 503
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    when: Literal["before", "after"] = "before"
    refusal: Refusal | None = None


@dataclass(slots=True)
class FaultRule:
    """A rule: which calls it picks and what it does to them; `seen` counts matches, `hits` what it did."""

    number: int
    source: Mapping[str, Any]
    action: Action
    service: str | None = None
    method: str | None = None
    path: re.Pattern[str] | None = None
    body: re.Pattern[str] | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    seen: int = 0
    hits: int = 0

    def picks(self, service: str, method: str, path: str, body: bytes) -> bool:
        """Count a call if it matches and say whether the rule acts on it."""
        if self.service not in {None, service} or self.method not in {None, method}:
            return False
        if self.path is not None and not self.path.search(path):
            return False
        if self.body is not None and not self.body.search(body.decode("utf-8", "replace")):
            return False
        self.seen += 1
        if self.times is not None and self.hits >= self.times:
            return False
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.every is not None and self.seen % self.every:
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, Any]:
        """Return the rule as it was given, with its counts."""
        return {"id": self.number, **self.source, "seen": self.seen, "hits": self.hits}


class Faults:
    """The rules in force; the first that picks a call decides, and record errors add up."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._count = 0

    def add(self, body: Mapping[str, Any]) -> FaultRule:
        """Add a rule from a control body; ValueError when it makes no sense."""
        rule = _parse(body, self._count + 1)
        self._count += 1
        self._rules.append(rule)
        return rule

    def clear(self, number: int | None = None) -> None:
        """Remove one rule or all."""
        self._rules = [rule for rule in self._rules if number is not None and rule.number != number]

    def list(self) -> list[dict[str, Any]]:
        """Return all rules with their counts."""
        return [rule.describe() for rule in self._rules]

    def pick(self, service: str, method: str, path: str, body: bytes) -> tuple[Action | None, Sequence[Refusal]]:
        """Return what is to happen to this call, and which of its records are to be refused."""
        chosen: Action | None = None
        refusals: list[Refusal] = []
        for rule in self._rules:
            if chosen is not None and rule.action.refusal is None:
                continue
            if not rule.picks(service, method, path, body):
                continue
            if rule.action.refusal is not None:
                refusals.append(rule.action.refusal)
            else:
                chosen = rule.action
        return chosen, refusals


def _parse(body: Mapping[str, Any], number: int) -> FaultRule:
    known = {"service", "method", "path", "body", "nth", "every", "times", "action"}
    unknown = sorted(set(body) - known)
    if unknown:
        raise ValueError(f"A fault rule has no {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    service = body.get("service")
    if service not in {None, *SERVICES}:
        raise ValueError(f"service is one of {', '.join(SERVICES)}, not {service!r}.")
    for name in ("nth", "every", "times"):
        if body.get(name) is not None and (type(body[name]) is not int or body[name] < 1):
            raise ValueError(f"{name} is a number from 1, not {body[name]!r}.")
    method = body.get("method")
    return FaultRule(
        number=number,
        source=dict(body),
        action=_parse_action(body.get("action")),
        service=service,
        method=str(method).upper() if method else None,
        path=_pattern(body, "path"),
        body=_pattern(body, "body"),
        nth=body.get("nth"),
        every=body.get("every"),
        times=body.get("times"),
    )


def _pattern(body: Mapping[str, Any], name: str) -> re.Pattern[str] | None:
    if not body.get(name):
        return None
    try:
        return re.compile(str(body[name]))
    except re.error as error:
        raise ValueError(f"{name} is no regular expression: {error}.") from error


def _parse_action(body: Any) -> Action:
    if not isinstance(body, Mapping) or body.get("type") not in ACTIONS:
        raise ValueError(f"action is an object with a type of {', '.join(ACTIONS)}.")
    kind: ActionKind = body["type"]
    if body.get("when", "before") not in {"before", "after"}:
        raise ValueError("when is before or after (the service has processed the request).")
    refusal = None
    if kind == "record_error":
        indexes = body.get("indexes")
        refusal = Refusal(
            code=str(body.get("code", "UNABLE_TO_LOCK_ROW")),
            message=str(body.get("message", "unable to obtain exclusive access to this record")),
            fields=tuple(body.get("fields", ())),
            indexes=frozenset(indexes) if indexes is not None else None,
            where=body.get("where"),
        )
    return Action(
        kind=kind,
        status=int(body.get("status", 503)),
        body=body.get("body"),
        headers={str(name): str(value) for name, value in body.get("headers", {}).items()},
        delay_s=float(body.get("delay_s", 0)),
        when=body.get("when", "before"),
        refusal=refusal,
    )
