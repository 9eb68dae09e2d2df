"""What a file says of one field into a rule, with everything that can't work refused in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_ipaas.mapping.conversions import check_conversions, check_record_expression, table_of
from airflow_provider_ipaas.mapping.model import FieldSpec
from airflow_provider_ipaas.mapping.names import check_salesforce_name
from airflow_provider_ipaas.mapping.problems import Refused, meant
from airflow_provider_ipaas.mapping.rules import Collection, Direction, FieldRule, RuleKind
from airflow_provider_ipaas.mapping.text import canonical, unsendable
from airflow_provider_ipaas.mapping.vocabulary import (
    ADDRESS_PREFIXES,
    IPAAS_FIELDS,
    IPAAS_NOT_MAPPABLE,
    IPAAS_RECORD,
    REQUIRED,
    SALESFORCE_READ_ONLY,
)

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule was last written; *folder* holds the CSV files it may name."""

    file: str
    line: int
    folder: Path | None = None


def compile_rule(collection: Collection, key: str, spec: FieldSpec, origin: Origin) -> FieldRule:
    """Turn one complete spec into a rule; raise `Refused` for what can't work."""
    if not _KEY.fullmatch(key):
        raise Refused((), f"{key!r} is no key.", "Use letters, digits and underscores, a letter first, at most 64.")
    kind = _kind(key, spec)
    _check_salesforce(collection, kind, spec)
    _check_ipaas(collection, spec)
    rule = FieldRule(
        key=key,
        kind=kind,
        salesforce=(spec.salesforce.field or spec.salesforce.address) if spec.salesforce else None,
        expression=_expression(collection, spec),
        to_ipaas=spec.to_ipaas,
        to_salesforce=spec.to_salesforce,
        table=table_of(spec.translate, origin.folder),
        on_error=spec.on_error,
        max_length=spec.max_length,
        too_long=spec.too_long,
        ipaas=_ipaas_name(spec),
        direction=_direction(spec),
        on_create_only=spec.on_create_only,
        blank=spec.blank,
        conflict=spec.conflict,
        value_type=spec.type,
        ipaas_custom=bool(spec.ipaas and spec.ipaas.custom_field),
        constant=canonical(spec.constant),
        placeholder=canonical(spec.placeholder),
        file=origin.file,
        line=origin.line,
    )
    _check_direction(collection, rule)
    _check_policies(collection, rule)
    check_conversions(spec, rule)
    return rule


def _kind(key: str, spec: FieldSpec) -> RuleKind:
    salesforce, ipaas = spec.salesforce, spec.ipaas
    if spec.constant is not None:
        _check_constant(spec)
        return "constant"
    if salesforce is None or ipaas is None:
        lacking = "salesforce" if salesforce is None else "ipaas"
        mend = f"Write `{key}: {{salesforce: ..., ipaas: ...}}`, or give `constant` and one side."
        raise Refused((), f"the field {key!r} names no {lacking} side.", mend)
    if salesforce.expression is not None or ipaas.expression is not None:
        _check_computed(spec)
        return "custom" if ipaas.custom_field is not None else "text"
    if (salesforce.address is None) != (ipaas.address is None):
        mend = (
            "Give both sides an address, such as `salesforce: {address: Billing}, ipaas: {address: primary_billing}`."
        )
        raise Refused((), f"the field {key!r} has an address on one side only.", mend)
    if salesforce.address is not None:
        return "address"
    if ipaas.phone_of is not None:
        return "phone_on_address"
    return "custom" if ipaas.custom_field is not None else "text"


def _check_computed(spec: FieldSpec) -> None:
    """An expression stands in for a field of one side: it can be read, not written."""
    salesforce, ipaas = spec.salesforce, spec.ipaas
    side = "salesforce" if salesforce and salesforce.expression is not None else "ipaas"
    other = ipaas if side == "salesforce" else salesforce
    name = other and (other.field or getattr(other, "custom_field", None))
    if name is None:
        mend = "Give the other side a plain field or a custom field."
        raise Refused((side, "expression"), "an expression goes to a plain field.", mend)
    wanted = "to_ipaas" if side == "salesforce" else "to_salesforce"
    if spec.direction not in (None, wanted):
        mend = f"Write `direction: {wanted}`, or leave it out."
        raise Refused(("direction",), f"an expression over the record can only go {wanted}.", mend)


def _expression(collection: Collection, spec: FieldSpec) -> str | None:
    """Return the expression that stands in for a field of one side, checked."""
    for side, end in (("salesforce", spec.salesforce), ("ipaas", spec.ipaas)):
        if end is not None and end.expression is not None:
            check_record_expression(collection, side, end.expression, (side, "expression"))  # type: ignore[arg-type]
            return end.expression
    return None


def _check_constant(spec: FieldSpec) -> None:
    if canonical(spec.constant) is None or unsendable(spec.constant):
        raise Refused(("constant",), "the constant is blank or no text that can be sent.", "Give it a value.")
    if (spec.salesforce is None) == (spec.ipaas is None):
        mend = (
            "Keep `salesforce` or `ipaas`, whichever is to be written; a default's side goes with `salesforce: null`."
        )
        raise Refused(("constant",), "a constant goes to exactly one side.", mend)
    is_plain = spec.ipaas is None or bool(spec.ipaas.field or spec.ipaas.custom_field)
    if (spec.salesforce and spec.salesforce.address) or not is_plain:
        raise Refused(("constant",), "a constant can't be an address or its phone.", "Name a plain field.")
    wanted: Direction = "to_ipaas" if spec.ipaas else "to_salesforce"
    if spec.direction not in (None, wanted):
        raise Refused(
            ("direction",), f"this constant can only go {wanted}.", f"Write `direction: {wanted}`, or leave it out."
        )


def _direction(spec: FieldSpec) -> Direction:
    if spec.constant is not None:
        return "to_ipaas" if spec.ipaas else "to_salesforce"
    if spec.salesforce and spec.salesforce.expression is not None:
        return "to_ipaas"
    if spec.ipaas and spec.ipaas.expression is not None:
        return "to_salesforce"
    return spec.direction or "both"


def _ipaas_name(spec: FieldSpec) -> str | None:
    end = spec.ipaas
    return (end.field or end.custom_field or end.address or end.phone_of) if end else None


def _check_salesforce(collection: Collection, kind: RuleKind, spec: FieldSpec) -> None:
    end = spec.salesforce
    if end is None or end.expression is not None:
        return
    if kind == "address":
        prefixes = ADDRESS_PREFIXES[collection]
        if end.address not in prefixes:
            what = f"{end.address!r} is no address of this object."
            raise Refused(("salesforce", "address"), what, meant(str(end.address), prefixes))
        return
    name = end.field or ""
    check_salesforce_name(collection, name, ("salesforce",))


def _check_ipaas(collection: Collection, spec: FieldSpec) -> None:
    end = spec.ipaas
    if end is None:
        return
    if end.custom_field is not None:
        if canonical(end.custom_field) != end.custom_field or unsendable(end.custom_field):
            mend = "Use the name as it stands under Data Management > Custom Fields."
            raise Refused(("ipaas", "custom_field"), f"{end.custom_field!r} is no name of a custom field.", mend)
        return
    name, record = end.field, IPAAS_RECORD[collection]
    if name is None or name in IPAAS_FIELDS[collection]:
        return
    if name in IPAAS_NOT_MAPPABLE:
        raise Refused(("ipaas",), f"{name!r} of a {record} can't be mapped.", IPAAS_NOT_MAPPABLE[name])
    mend = f"{meant(name, IPAAS_FIELDS[collection])} A custom field is written `ipaas: {{custom_field: {name}}}`."
    if collection == "contact" and "phone" in name:
        mend = "The phone of a Customer lives on an address: `ipaas: {phone_of: primary_shipping}`."
    raise Refused(("ipaas",), f"a {record} has no built-in field {name!r}.", mend)


def _check_direction(collection: Collection, rule: FieldRule) -> None:
    if not rule.writes_salesforce or rule.salesforce is None:
        return
    mend = "Write `direction: to_ipaas`."
    if "." in rule.salesforce:
        raise Refused(("salesforce",), f"{rule.salesforce!r} belongs to a parent and is only read.", mend)
    if rule.salesforce in SALESFORCE_READ_ONLY[collection] or rule.salesforce.endswith("GeocodeAccuracy"):
        raise Refused(("salesforce",), f"Salesforce does not let {rule.salesforce!r} be written.", mend)


def _check_policies(collection: Collection, rule: FieldRule) -> None:
    if rule.conflict == "newest_wins" and collection == "account":
        mend = "Choose salesforce_wins, ipaas_wins or park."
        raise Refused(("conflict",), "a Company has no time stamp, so newest_wins can't be decided.", mend)
    if rule.blank != "keep":
        _check_clearing(collection, rule)
    if rule.placeholder is not None and rule.kind != "text":
        mend = "Remove it: it stands in for a blank built-in field in iPaaS.com."
        raise Refused(("placeholder",), "a placeholder has no use here.", mend)
    if rule.placeholder is not None and unsendable(rule.placeholder):
        raise Refused(("placeholder",), "the placeholder can't be sent.", "Use plain text.")
    if rule.value_type != "text" and rule.kind in ("address", "phone_on_address"):
        raise Refused(("type",), "an address or its phone is always text.", "Remove `type`.")


def _check_clearing(collection: Collection, rule: FieldRule) -> None:
    if rule.ipaas_custom and rule.writes_ipaas:
        mend = "Write `blank: keep`, or `direction: to_salesforce`."
        raise Refused(("blank",), "iPaaS.com does not accept an empty custom field, so it can't be cleared.", mend)
    ends: tuple[tuple[str, Any, bool], ...] = (
        ("ipaas", rule.ipaas, rule.writes_ipaas and not rule.placeholder),
        ("salesforce", rule.salesforce, rule.writes_salesforce),
    )
    for side, name, is_written in ends:
        reason = next((why for where, what, why in REQUIRED[collection] if (where, what) == (side, name)), None)
        if reason and is_written:
            raise Refused(("blank",), f"{reason}, so it can't be cleared.", "Write `blank: keep`.")
