"""The tables of the ledger. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    literal_column,
)

from .columns import Instant, Json, WordList, Words, serial

# The database may be shared with others, Airflow's own included: every table carries the prefix, and the version of
# the schema has a table of its own.
VERSION_TABLE = "ipaas_ledger_version"

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def _match_indexes(table: Table, prefix: tuple[str, ...]) -> None:
    """Index the columns that records are matched by, leaving out the rows that lack them."""
    for name in ("email_key", "name_key", "number_key", "external_id"):
        present = table.c[name].is_not(None)
        Index(
            f"{table.name}_{name}_ix",
            *(table.c[column] for column in prefix),
            table.c[name],
            sqlite_where=present,
            postgresql_where=present,
        )


run = Table(
    "ipaas_run",
    metadata,
    Column("no", serial(), primary_key=True),  # short, for the items that refer to it
    Column("run_key", Words(), nullable=False),
    Column("dag_id", Words(), nullable=False),
    Column("run_id", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("scope", Words(), nullable=False),
    Column("params", Json(), nullable=False),
    Column("mapping_fingerprint", Words(), nullable=False),
    Column("started_at", Instant(), nullable=False),
    Column("phase", Words(), nullable=False),
    Column("facts", Json(), nullable=False),
    Column("summary", Json()),
    Column("reported_at", Instant()),
    UniqueConstraint("run_key"),
)
Index("ipaas_run_started_at_ix", run.c.started_at)

pin = Table(
    "ipaas_pin",
    metadata,
    Column("connection_id", Words(), primary_key=True),
    Column("identity", Words(), nullable=False),
    Column("pinned_at", Instant(), nullable=False),
)

watermark = Table(
    "ipaas_watermark",
    metadata,
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("side", Words(), nullable=False),
    Column("value", Instant(), nullable=False),
    Column("run_key", Words(), nullable=False),
    Column("set_at", Instant(), nullable=False),
    PrimaryKeyConstraint("scope", "collection", "side"),
)

fact = Table(
    "ipaas_fact",
    metadata,
    Column("scope", Words(), nullable=False),
    Column("key", Words(), nullable=False),
    Column("value", Json()),
    Column("stored_at", Instant(), nullable=False),
    PrimaryKeyConstraint("scope", "key"),
)

link = Table(
    "ipaas_link",
    metadata,
    Column("id", serial(), primary_key=True),
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("salesforce_id", Words(), nullable=False),
    Column("ipaas_id", Words(), nullable=False),
    Column("salesforce_showing", Json()),
    Column("ipaas_showing", Json()),
    Column("state", Words(), nullable=False),
    Column("flips", Json(), nullable=False),
    Column("settled_at", Instant()),
    Column("settled_by", Words(), nullable=False),
    Column("version", Integer(), nullable=False),
    UniqueConstraint("scope", "collection", "salesforce_id"),
    UniqueConstraint("scope", "collection", "ipaas_id"),
)

seen = Table(
    "ipaas_seen",
    metadata,
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("side", Words(), nullable=False),
    Column("record_id", Words(), nullable=False),
    Column("stamp", Words()),
    Column("content_hash", Words(), nullable=False),
    Column("email_key", Words()),
    Column("name_key", Words()),
    Column("number_key", Words()),
    Column("external_id", Words()),
    Column("baseline", Boolean(), nullable=False),
    Column("fate", Words(), nullable=False),
    Column("mapping_fingerprint", Words(), nullable=False),
    Column("row_hash", Words()),
    Column("read_at", Instant()),
    PrimaryKeyConstraint("scope", "collection", "side", "record_id"),
)
_match_indexes(seen, ("scope", "collection", "side"))

# The wide columns come last: a scan for states and outcomes then stays on the first page of each row.
item = Table(
    "ipaas_item",
    metadata,
    Column("run_no", serial(), ForeignKey("ipaas_run.no", ondelete="CASCADE"), nullable=False, autoincrement=False),
    Column("collection", Words(), nullable=False),
    Column("side", Words(), nullable=False),
    Column("record_id", Words(), nullable=False),
    Column("role", Words(), nullable=False),
    Column("state", Words(), nullable=False),
    Column("op", Words()),
    Column("outcome", Words()),
    Column("reason", Words()),
    Column("stamp", Words()),
    Column("missing", Words(), nullable=False),
    Column("master_id", Words()),
    Column("content_hash", Words(), nullable=False),
    Column("email_key", Words()),
    Column("name_key", Words()),
    Column("number_key", Words()),
    Column("external_id", Words()),
    Column("captured_at", Instant()),
    Column("link_to", Words()),
    Column("target_id", Words()),
    Column("link_id", serial(), autoincrement=False),
    Column("link_version", Integer()),
    Column("conflicts_resolved", Integer(), nullable=False),
    Column("conflicts_parked", Integer(), nullable=False),
    Column("warnings", WordList(), nullable=False),
    Column("code", Words()),
    Column("message", Words()),
    Column("next_step", Words()),
    Column("payload", Json()),
    Column("record", Json()),
    PrimaryKeyConstraint("run_no", "collection", "side", "record_id"),
    # Each item is written twice or three times: with room on its page PostgreSQL need not touch the indexes again.
    postgresql_with={"fillfactor": 50},
)
Index("ipaas_item_walk_ix", item.c.run_no, item.c.collection, item.c.side, item.c.stamp, item.c.record_id)
_match_indexes(item, ("run_no", "collection", "side"))

unresolved = Table(
    "ipaas_unresolved",
    metadata,
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("direction", Words(), nullable=False),
    Column("source_id", Words(), nullable=False),
    Column("reason", Words(), nullable=False),
    Column("target_id", Words()),
    Column("code", Words()),
    Column("message", Words()),
    Column("next_step", Words()),
    Column("attempts", Integer(), nullable=False),
    Column("content_hash", Words(), nullable=False),
    Column("mapping_fingerprint", Words(), nullable=False),
    Column("details", Json(), nullable=False),
    Column("first_at", Instant(), nullable=False),
    Column("last_at", Instant()),
    Column("next_at", Instant()),
    Column("run_key", Words()),
    PrimaryKeyConstraint("scope", "collection", "direction", "source_id"),
)
Index(
    "ipaas_unresolved_first_at_ix",
    unresolved.c.scope,
    unresolved.c.collection,
    unresolved.c.direction,
    unresolved.c.first_at,
    unresolved.c.source_id,
)

claim = Table(
    "ipaas_claim",
    metadata,
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("direction", Words(), nullable=False),
    Column("source_id", Words(), nullable=False),
    Column("run_key", Words(), nullable=False),
    Column("state", Words(), nullable=False),
    Column("claimed_at", Instant()),
    Column("sent_at", Instant()),
    Column("sent", Json(), nullable=False),
    Column("target_id", Words()),
    PrimaryKeyConstraint("scope", "collection", "direction", "source_id"),
)

# Claims that are done stay for good; those that are not are few, and looked for by every run.
_is_open = claim.c.state != literal_column("'done'")
Index(
    "ipaas_claim_open_ix",
    claim.c.scope,
    claim.c.collection,
    claim.c.direction,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)

journal = Table(
    "ipaas_journal",
    metadata,
    Column("no", serial(), primary_key=True),
    Column("at", Instant(), nullable=False),
    Column("run_key", Words(), nullable=False),
    Column("scope", Words(), nullable=False),
    Column("collection", Words(), nullable=False),
    Column("direction", Words(), nullable=False),
    Column("source_id", Words(), nullable=False),
    Column("target_id", Words()),
    Column("op", Words(), nullable=False),
    Column("phase", Words(), nullable=False),
    Column("outcome", Words(), nullable=False),
    Column("code", Words()),
    Column("fields", WordList(), nullable=False),
    Column("actor", Words()),
)
Index("ipaas_journal_at_ix", journal.c.at)
Index("ipaas_journal_source_ix", journal.c.scope, journal.c.collection, journal.c.direction, journal.c.source_id)
