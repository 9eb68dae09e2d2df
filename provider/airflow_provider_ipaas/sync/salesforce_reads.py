"""The questions the sync asks Salesforce: rows of a window, rows by id, rows that could be the same record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping.naming import salesforce_name

from .broken import check_fields, find_broken, was_checked
from .context import Sync, batches
from .keys import like_pattern
from .model import Record
from .windows import Window

DESCRIBE_TTL = timedelta(hours=1)
# A query travels in a URL of at most 16,384 bytes, headers included.
IDS_PER_QUERY = 400
IDS_PER_RETRIEVE = 2_000
EMAIL_BYTES_PER_QUERY = 6_000
NAMES_PER_QUERY = 20


def object_fields(sync: Sync) -> set[str]:
    """Return the names of the object's fields that the API user sees, remembered for an hour to spare a call a poll.

    Notes on the run which mapped fields are broken. Raises ConfigurationError for one that can't be left out.
    """
    key = f"fields:{sync.sobject}"
    remembered = sync.ledger.fact(sync.scope, key)
    if remembered and sync.clock() - remembered[1] < DESCRIBE_TTL and isinstance(remembered[0], dict):
        visible, fixed = set(remembered[0]["visible"]), set(remembered[0]["fixed"])
        # While a field is broken each run looks again, once, whether it is mended.
        if was_checked(sync) or not find_broken(sync.mapping, visible, fixed):
            check_fields(sync, visible, fixed)
            return visible
    facts = sync.salesforce.describe(sync.sobject).fields
    visible = set(facts)
    fixed = {name for name, each in facts.items() if not each.updateable}
    check_fields(sync, visible, fixed)
    sync.ledger.set_fact(sync.scope, key, {"visible": sorted(visible), "fixed": sorted(fixed)})
    return visible


def all_fields(sync: Sync) -> set[str]:
    """Return the names of the object's fields, for what compares whole records and has no run of its own.

    Raises ConfigurationError when a mapped field is broken.
    """
    facts = sync.salesforce.describe(sync.sobject).fields
    fixed = {name for name, each in facts.items() if not each.updateable}
    broken = [salesforce_name(sync.mapping.rule(key)) for key in find_broken(sync.mapping, set(facts), fixed)]
    if broken:
        raise ConfigurationError(
            f"The mapping of collection {sync.collection} uses {', '.join(broken)}, which the API user of connection "
            f"{sync.settings.salesforce_conn_id} can't see, or write, on {sync.sobject}.",
            next_step="Give the integration user read and edit permission on the field, or take it out of the mapping.",
        )
    return set(facts)


def forget_fields(sync: Sync) -> None:
    """Describe the object again at the next need, also within this run."""
    sync.ledger.drop_fact(sync.scope, f"fields:{sync.sobject}")


def select(sync: Sync, fields: set[str]) -> list[str]:
    """Return the names of a whole row's fields."""
    names = {*sync.mapping.salesforce_fields, "SystemModstamp", "IsDeleted", "MasterRecordId", "LastModifiedById"}
    names |= {"CreatedById", "CreatedDate"}  # what a lost create may have made
    names |= {"Name", "AccountNumber"} if sync.collection == "account" else {"AccountId", "Email", "LastName"}
    wanted = {"IsPersonAccount", sync.settings.external_id_field} & fields
    names = {name for name in names if "." in name or name in fields} | {str(name) for name in wanted}
    return ["Id", *sorted(names - {"Id"})]


def whole_rows(sync: Sync, fields: set[str], window: Window) -> Iterator[Record]:
    """Stream whole rows, deleted ones too, oldest first; without a window's start every row that is not deleted."""
    soql = f"SELECT {_listed(sync, fields)} FROM {sync.sobject}"  # noqa: S608 (names come from describe, not from users)
    if window.whole_from is None:
        return sync.salesforce.query(f"{soql} ORDER BY SystemModstamp, Id")
    where = f"WHERE SystemModstamp >= {literal(window.whole_from)}"
    return sync.salesforce.query(f"{soql} {where} ORDER BY SystemModstamp, Id", include_deleted=True)


def deleted_rows(sync: Sync, fields: set[str], window: Window) -> Iterator[Record]:
    """Stream the rows of a window that are deleted or merged, oldest first."""
    if window.start is None:
        return iter(())
    return sync.salesforce.query(
        f"SELECT {_listed(sync, fields)} FROM {sync.sobject} "  # noqa: S608  (names, moments and quoted values of our own)
        f"WHERE IsDeleted = true AND SystemModstamp >= {literal(window.start)} ORDER BY SystemModstamp, Id",
        include_deleted=True,
    )


def window_stamps(sync: Sync, start: datetime) -> Iterator[Record]:
    """Stream Id and stamp of a window: a full look-back at the price of an index.

    Up to now, not to where whole rows begin: where nothing is newer than that, there are no whole rows to ask for.
    """
    return sync.salesforce.query(
        f"SELECT Id, SystemModstamp, IsDeleted FROM {sync.sobject} "  # noqa: S608  (names, moments and quoted values of our own)
        f"WHERE SystemModstamp >= {literal(start)} ORDER BY SystemModstamp, Id",
        include_deleted=True,
    )


def rows_by_id(sync: Sync, fields: set[str], ids: Iterable[str]) -> Iterator[Record]:
    """Stream whole rows by id, deleted and merged ones too; ids that are not visible are simply absent."""
    for chunk in batches(dict.fromkeys(ids), IDS_PER_RETRIEVE):
        if len(chunk) > IDS_PER_QUERY and not any("." in name for name in select(sync, fields)):
            # Five times as many in a call; it has no fields of a parent, and no deleted rows: those are asked for.
            rows = sync.salesforce.retrieve(sync.sobject, chunk, select(sync, fields))
            yield from (row for row in rows if row is not None)
            chunk = [record_id for record_id, row in zip(chunk, rows, strict=True) if row is None]
        for part in batches(chunk, IDS_PER_QUERY):
            yield from _where(sync, fields, f"Id IN ({quoted(part)})", include_deleted=True)


def _listed(sync: Sync, fields: set[str]) -> str:
    return ", ".join(select(sync, fields))


def rows_by_email(sync: Sync, fields: set[str], emails: Iterable[str]) -> Iterator[Record]:
    """Stream the Contacts with any of these e-mails (SOQL compares them without case)."""
    chunk: list[str] = []
    size = 0
    for email in emails:
        # Percent-encoding may triple what is not plain ASCII.
        cost = len(email.encode("utf-8", "ignore")) + 12
        if chunk and size + cost > EMAIL_BYTES_PER_QUERY:
            yield from _where(sync, fields, f"Email IN ({quoted(chunk)})")
            chunk, size = [], 0
        chunk.append(email)
        size += cost
    if chunk:
        yield from _where(sync, fields, f"Email IN ({quoted(chunk)})")


def rows_by_name(sync: Sync, fields: set[str], names: Iterable[str], numbers: Iterable[str]) -> Iterator[Record]:
    """Stream the Accounts whose name or account number may have the same key; the caller compares the keys."""
    patterns = {name: like_pattern(name) for name in dict.fromkeys(names)}
    loose = [f"Name LIKE {quote(pattern)}" for pattern in dict.fromkeys(patterns.values()) if pattern]
    # A name without plain letters would match everything as a pattern: ask for it as it is, trimmed by Salesforce.
    exact = [f"Name = {quote(name)}" for name, pattern in patterns.items() if pattern is None]
    known = dict.fromkeys(numbers) if "AccountNumber" in fields else ()
    tests = [*loose, *exact, *(f"AccountNumber = {quote(number)}" for number in known)]
    for chunk in batches(tests, NAMES_PER_QUERY):
        yield from _where(sync, fields, f"({' OR '.join(chunk)})")


def rows_by_external_id(sync: Sync, fields: set[str], values: Iterable[str]) -> Iterator[Record]:
    """Stream the rows whose external-id field holds one of these iPaaS.com ids; none without such a field."""
    name = sync.settings.external_id_field
    if name is None or name not in fields:
        return
    for chunk in batches(dict.fromkeys(values), IDS_PER_QUERY // 2):
        yield from _where(sync, fields, f"{name} IN ({quoted(chunk)})")


def rows_with_external_id(sync: Sync, since: datetime) -> Iterator[Record]:
    """Stream Id, stamp and external id of the rows that hold one and were changed since a moment."""
    name = sync.settings.external_id_field
    return sync.salesforce.query(
        f"SELECT Id, SystemModstamp, {name} FROM {sync.sobject} WHERE SystemModstamp >= {literal(since)} "  # noqa: S608  (names, moments and quoted values of our own)
        f"AND {name} != null ORDER BY SystemModstamp, Id"
    )


def _where(sync: Sync, fields: set[str], condition: str, *, include_deleted: bool = False) -> Iterator[Record]:
    return sync.salesforce.query(
        f"SELECT {_listed(sync, fields)} FROM {sync.sobject} WHERE {condition}",  # noqa: S608  (names, moments and quoted values of our own)
        include_deleted=include_deleted,
    )


def literal(moment: datetime) -> str:
    """Write a SOQL dateTime literal, whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def quote(text: str) -> str:
    """Quote a SOQL string: backslash first, then what it escapes; control characters can't be matched and go."""
    escaped = (
        text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    kept = "".join(char for char in escaped if char >= " " and not 0xD800 <= ord(char) <= 0xDFFF)
    return f"'{kept}'"


def quoted(values: Iterable[str]) -> str:
    return ", ".join(quote(value) for value in values)
