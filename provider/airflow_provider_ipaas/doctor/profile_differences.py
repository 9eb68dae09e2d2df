"""Hold the API profile against what the service says of its own API; each difference with what to override."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.wire import Api
from airflow_provider_ipaas.doctor.swagger import Document, Operation, folded

# Names that other APIs give the number of the page; compared without letter case and underscores.
_PAGE_NUMBERS = frozenset({"page", "pagenumber", "pageindex", "pageno"})
_ALIKE = 0.75
_CLEARLY = 0.05
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Want:
    """One call that the sync makes: the profile's item, and the API and method it is made with."""

    item: str
    api: Api
    method: str
    query: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.item.partition(".")[2]

    def path(self, profile: Profile) -> str:
        """Return the path template."""
        return str(getattr(profile.paths, self.key))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the profile says and the document doesn't; *override* is None where it has nothing that fits."""

    item: str
    message: str
    override: dict[str, Any] | None = None


def wants(profile: Profile) -> tuple[Want, ...]:
    """Return every call of the sync, as the profile describes it."""
    update = profile.update_method
    listing = ("action", "page_number")
    found: list[Want] = [
        Want("paths.login", "sso", "POST"),
        Want("paths.refresh", "sso", "POST"),
        Want("paths.change_company", "sso", "GET"),
        Want("paths.customers", "customers", "GET", (*listing, "customer_email")),
        Want("paths.customer", "customers", "GET"),
        Want("paths.customer_create", "customers", "POST"),
        Want("paths.customer_update", "customers", update),
        Want("paths.companies", "customers", "GET", (*listing, "company_name")),
        Want("paths.company", "customers", "GET"),
        Want("paths.company_create", "customers", "POST"),
        Want("paths.company_update", "customers", update),
        Want("paths.external_id_of", "customers", "GET"),
        Want("paths.record_with_external_id", "customers", "POST"),
        Want("paths.set_external_id", "customers", "POST"),
        Want("paths.tables", "subscriptions", "GET"),
    ]
    if profile.relationships == "on":
        found += [Want("paths.relationships", "customers", "GET"), Want("paths.relate", "customers", "POST")]
    return tuple(found)


def path_differences(profile: Profile, documents: Mapping[Api, Document]) -> Iterator[Difference]:
    """Compare the calls, and the query parameters of those that are there."""
    all_wants = wants(profile)
    taken = {(want.api, want.method, folded(want.path(profile))) for want in all_wants}
    for want in all_wants:
        document = documents.get(want.api)
        if document is None:
            continue
        operation = document.find(want.method, want.path(profile))
        if operation is None:
            free = [it for it in document.operations.values() if (want.api, *it.key) not in taken]
            yield _missing_call(want, profile, document, free)
        else:
            yield from _query_differences(want, profile, operation)


def _missing_call(want: Want, profile: Profile, document: Document, free: Sequence[Operation]) -> Difference:
    path = want.path(profile)
    said = f"the document has no {want.method} {path}"
    methods = document.methods(path)
    if want.item.endswith("_update") and (other := next((it for it in ("PATCH", "PUT", "POST") if it in methods), "")):
        return Difference(want.item, f"{said}, but {other} there", {"update_method": other})
    offered = [it for it in free if it.method == want.method]
    closest = _closest(path, offered)
    if closest is not None:
        return Difference(
            want.item, f"{said}, but {want.method} {closest.path}", {"paths": {want.key: _renamed(closest.path, path)}}
        )
    if methods:
        return Difference(want.item, f"{said}, only {', '.join(methods)} there")
    ranked = sorted(offered, key=lambda it: -_likeness(path, it.path))[:_LISTED]
    listed = ", ".join(it.path for it in ranked)
    return Difference(want.item, f"{said}{f'; with {want.method} it has {listed}' if listed else ''}")


def _closest(path: str, offered: Sequence[Operation]) -> Operation | None:
    """Return the one operation that obviously is meant: as many placeholders, nearly the same words, and alone so."""
    count = folded(path).count("{}")
    fitting = [it for it in offered if folded(it.path).count("{}") == count]
    ranked = sorted(fitting, key=lambda it: -_likeness(path, it.path))[:2]
    if not ranked or (best := _likeness(path, ranked[0].path)) < _ALIKE:
        return None
    if len(ranked) > 1 and best - _likeness(path, ranked[1].path) < _CLEARLY:
        return None
    return ranked[0]


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, folded(one), folded(other)).ratio()


def _renamed(path: str, template: str) -> str:
    """Return a path of the document with the placeholders that the profile's template has, in their order."""
    names = iter([part for part in template.split("/") if part.startswith("{")])
    return "/".join(next(names, part) if part.startswith("{") else part for part in path.split("/"))


def _query_differences(want: Want, profile: Profile, operation: Operation) -> Iterator[Difference]:
    known = {_squeezed(name): name for name in operation.query}
    if not known:
        # Many documents leave the parameters of lists out; that says nothing.
        return
    for key in want.query:
        name = str(getattr(profile.query, key))
        if _squeezed(name) in known:
            continue
        other = _other_parameter(key, name, known)
        offered = f", but {other}" if other else f"; it lists {', '.join(operation.query)}"
        yield Difference(
            f"query.{key}",
            f"{operation.method} {operation.path} lists no query parameter {name}{offered}",
            {"query": {key: other}} if other else None,
        )


def _other_parameter(key: str, name: str, known: Mapping[str, str]) -> str:
    if key == "page_number":
        return next((spelling for squeezed, spelling in known.items() if squeezed in _PAGE_NUMBERS), "")
    close = difflib.get_close_matches(_squeezed(name), known, n=1, cutoff=_ALIKE)
    return known[close[0]] if close else ""


def _squeezed(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
