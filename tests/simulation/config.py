"""What one sequence takes for granted: the readings of both services, the mapping's policies, the clocks."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, IPaaSShape, load_mapping

from .ipaas import Reading

POLICIES = ("default", "ipaas_wins", "park", "newest_wins", "clear")
SKEW_S = 600


@dataclass(frozen=True, slots=True)
class Config:
    """One world. Everything in it is plain data, so that a kept sequence can carry its own."""

    external_id_field: bool = True
    normalise_phones: bool = False
    page_is_fresh: bool = False
    policy: str = "default"
    ids_on_write: str = "auto"
    canaries: bool = False  # else they are through already
    first_contact: Literal["create", "link_only"] = "create"
    sliced: bool = False  # of listed rows only those that show a change, and a slice of the others, are read whole
    bulk: bool = False  # two creates in Salesforce go as a bulk job
    brakes: bool = False  # half of what is linked may change in a run, however few that are
    salesforce_s: int = 0
    ipaas_s: int = 0
    worker_s: int = 0
    reading: Reading = field(default_factory=Reading)

    def plain(self) -> dict[str, Any]:
        """Return what differs from the defaults."""
        default = Config()
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "reading"}
        changed = {name: value for name, value in own.items() if value != getattr(default, name)}
        reading = {k: v for k, v in asdict(self.reading).items() if v != getattr(default.reading, k)}
        return {**changed, "reading": reading} if reading else changed

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Config:
        own = {name: value for name, value in plain.items() if name != "reading"}
        return cls(**own, reading=Reading(**plain.get("reading", {})))


def draw_config(rng: random.Random) -> Config:
    """Draw a world; the harsh reading of iPaaS.com and the defaults are the likeliest."""
    chance = rng.random
    reading = Reading(
        put_replaces=chance() < 0.7,
        put_answers=chance() < 0.7,
        short_rows=chance() < 0.6,
        shows_external_ids=chance() < 0.7,
        stores_nested_ids=chance() < 0.4,
        address_ids_matched=chance() < 0.3,
        company_stamps=chance() < 0.15,
        stamp_on_address=chance() < 0.3,
        stamp_on_link=chance() < 0.7,
        updated_on_create=chance() < 0.3,
        trims=chance() < 0.2,
        trims_phones=chance() < 0.15,
        find_is_exact=chance() < 0.6,
        relationships=chance() < 0.15,
    )
    skewed = chance() < 0.4
    off = (lambda: rng.choice((-SKEW_S, 0, SKEW_S))) if skewed else (lambda: 0)
    return Config(
        external_id_field=chance() < 0.6,
        normalise_phones=chance() < 0.25,
        page_is_fresh=chance() < 0.5,
        policy=rng.choice(POLICIES) if chance() < 0.4 else "default",
        ids_on_write="endpoint" if chance() < 0.2 else "auto",
        canaries=chance() < 0.15,
        salesforce_s=off(),
        ipaas_s=off(),
        worker_s=off(),
        reading=reading,
        first_contact="link_only" if chance() < 0.12 else "create",
        brakes=chance() < 0.12,
        sliced=chance() < 0.3,
        bulk=chance() < 0.3,
    )


_INDUSTRY = FieldRule("industry", "custom", "Industry", "Industry", ipaas_custom=True)
_CLEARED = {"account": ("description", "fax", "shipping_address"), "contact": ("mailing_address", "phone")}


@cache
def mapping_of(collection: str, policy: str) -> CollectionMapping:
    """Return the default mapping under one policy; Accounts have a custom field as well."""
    shape = IPaaSShape()
    loaded = load_mapping(collection, placement=shape)  # type: ignore[arg-type]
    rules = [*loaded.fields, _INDUSTRY] if collection == "account" else [*loaded.fields]
    return CollectionMapping(loaded.collection, tuple(_under(policy, collection, rule) for rule in rules), shape)


def _under(policy: str, collection: str, rule: FieldRule) -> FieldRule:
    if rule.direction != "both":
        return rule
    if policy == "clear":
        return replace(rule, blank="clear") if rule.key in _CLEARED[collection] else rule
    if policy == "default" or (policy == "newest_wins" and collection == "account"):
        return rule
    return replace(rule, conflict=policy)  # type: ignore[arg-type]


def cleared_keys(policy: str) -> frozenset[tuple[str, str]]:
    """Return collection and key of every field whose blanks are carried over."""
    every = ((collection, key) for collection, keys in _CLEARED.items() for key in keys)
    return frozenset(every) if policy == "clear" else frozenset()
