"""What a file says of expressions, tables and filters into what rules carry, with everything that can't work refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from airflow_provider_ipaas.mapping.addresses import IPAAS_PARTS, PURPOSES
from airflow_provider_ipaas.mapping.expressions import Expression, ExpressionRefused, compile_expression
from airflow_provider_ipaas.mapping.judging import ErrorFilter, Filters
from airflow_provider_ipaas.mapping.model import FieldSpec, MappingFile, TranslateSpec
from airflow_provider_ipaas.mapping.names import check_salesforce_name
from airflow_provider_ipaas.mapping.problems import Refused, meant
from airflow_provider_ipaas.mapping.rules import Collection, Direction, FieldRule, Side
from airflow_provider_ipaas.mapping.tables import Table, is_file_name, read_pairs
from airflow_provider_ipaas.mapping.text import canonical, unsendable
from airflow_provider_ipaas.mapping.vocabulary import IPAAS_FIELDS, IPAAS_RECORD

Part = tuple[str | int, ...]
_READABLE = ("id", "created_datetime", "updated_datetime")


def compiled(source: str, part: Part) -> Expression:
    """Compile the expression at *part* of a field or file; raise `Refused` for what can't work."""
    try:
        return compile_expression(source)
    except ExpressionRefused as error:
        raise Refused(part, error.what, error.mend) from None


def check_record_expression(collection: Collection, side: Side, source: str, part: Part) -> None:
    """Check an expression over a whole record of *side*."""
    for path in compiled(source, part).paths:
        if side == "salesforce":
            check_salesforce_name(collection, ".".join(path), part)
        else:
            _check_ipaas_path(collection, path, part)


def _check_ipaas_path(collection: Collection, path: tuple[str, ...], part: Part) -> None:
    known = (*IPAAS_FIELDS[collection], *_READABLE)
    root = path[0]
    if (root == "custom" and len(path) == 2) or (len(path) == 1 and root in known):
        return
    if root in PURPOSES and len(path) == 2 and path[1] in IPAAS_PARTS:
        return
    mend = f"{meant(root, known)} A custom field is `custom['Name']`, a part of an address `primary_billing.country`."
    raise Refused(part, f"a {IPAAS_RECORD[collection]} has no {'.'.join(path)!r} that can be read.", mend)


def check_conversions(spec: FieldSpec, rule: FieldRule) -> None:
    """Check the expressions between two fields, which see `value` alone, and what goes with them."""
    for name, source, written in (
        ("to_ipaas", spec.to_ipaas, rule.writes_ipaas),
        ("to_salesforce", spec.to_salesforce, rule.writes_salesforce),
    ):
        if source is None:
            continue
        foreign = [".".join(path) for path in compiled(source, (name,)).paths if path != ("value",)]
        if foreign:
            mend = "Such an expression sees `value` alone. `salesforce: {expression: ...}` sees the fields of the record, one way."
            raise Refused((name,), f"{foreign[0]!r} is not known in `{name}`.", mend)
        if not written:
            raise Refused(
                (name,), f"the field does not go that way, so `{name}` has no use.", "Remove it, or change `direction`."
            )
        if spec.translate is not None:
            raise Refused((name,), "a field has a translation table or an expression, not both.", "Keep one of them.")
    _check_length(rule)
    if not rule.converts:
        return
    if rule.kind == "address" or rule.constant is not None:
        part = next(name for name in ("to_ipaas", "to_salesforce", "translate", "max_length") if getattr(spec, name))
        what = "an address" if rule.kind == "address" else "a constant"
        raise Refused((part,), f"{what} can't be converted.", "Remove it.")


def _check_length(rule: FieldRule) -> None:
    if rule.too_long == "truncate" and rule.max_length is None:
        raise Refused(("too_long",), "`too_long` needs a length.", "Add `max_length: 40`, say.")
    if rule.too_long == "truncate" and rule.value_type != "text":
        raise Refused(("too_long",), f"a cut {rule.value_type} is another one.", "Write `too_long: refuse`.")


def table_of(spec: TranslateSpec | None, folder: Path | None) -> Table | None:
    """Make the table of a field; raise `Refused`, or `ConfigurationError` for a CSV file."""
    if spec is None:
        return None
    if (spec.values is None) == (spec.file is None):
        mend = 'Write `values: {Hot: "1"}` or `file: ratings.csv`.'
        raise Refused(("translate",), "a table has either `values` or `file`.", mend)
    default_ipaas, default_salesforce = canonical(spec.default.ipaas), canonical(spec.default.salesforce)
    if (spec.unmapped == "default") != bool(default_ipaas or default_salesforce):
        mend = "Write `unmapped: default` together with `default: {ipaas: ..., salesforce: ...}`."
        raise Refused(("translate", "unmapped"), "`unmapped: default` and `default` go together.", mend)
    if spec.file is not None:
        if folder is None or not is_file_name(spec.file):
            mend = "Name a file that ends in .csv and lies beside the mapping file, without a folder."
            raise Refused(("translate", "file"), f"{spec.file!r} is no name of such a file.", mend)
        pairs = read_pairs(folder / spec.file)
    else:
        pairs = tuple((canonical(a) or "", canonical(b) or "") for a, b in (spec.values or {}).items())
    if not pairs or any(not a or not b or unsendable((a, b)) for a, b in pairs):
        raise Refused(("translate",), "the table is empty or holds a blank value.", "Give every value another one.")
    return Table(pairs, spec.unmapped, default_ipaas, default_salesforce)


def filters_of(collection: Collection, file: MappingFile, report: Callable[[Refused], None]) -> Filters:
    """Make the filters of a collection, telling *report* what can't work."""
    ways: tuple[tuple[Direction, Side], ...] = (("to_ipaas", "salesforce"), ("to_salesforce", "ipaas"))
    errors: list[ErrorFilter] = []
    for direction, side in ways:
        own = getattr(file.filters, direction)
        listed = getattr(file.error_filters, direction)
        checks: list[tuple[str, Part]] = [(own, ("filters", direction))] if own is not None else []
        checks += [(one.when, ("error_filters", direction, number, "when")) for number, one in enumerate(listed)]
        for source, part in checks:
            try:
                check_record_expression(collection, side, source, part)
            except Refused as error:
                report(error)
        errors += [
            ErrorFilter(direction, one.when, canonical(one.message) or "An error filter holds it.") for one in listed
        ]
    return Filters(file.filters.to_ipaas, file.filters.to_salesforce, tuple(errors))
