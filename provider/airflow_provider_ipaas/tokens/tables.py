"""The tables of the token store. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Boolean, Column, Integer, MetaData, Table

from airflow_provider_ipaas.ledger.columns import Instant, Words
from airflow_provider_ipaas.ledger.migrate import Schema

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey"})

token = Table(
    "ipaas_token",
    metadata,
    Column("connection_id", Words(), primary_key=True),
    Column("app", Words(), nullable=False),
    Column("seed", Words(), nullable=False),
    Column("state", Words(), nullable=False),
    Column("reason", Words(), nullable=False),
    Column("refresh_token", Words(), nullable=False),  # encrypted
    Column("access_token", Words()),  # encrypted
    Column("instance_url", Words(), nullable=False),
    Column("org_id", Words(), nullable=False),
    Column("user_id", Words(), nullable=False),
    Column("username", Words(), nullable=False),
    Column("scopes", Words(), nullable=False),
    Column("connected_at", Instant(), nullable=False),
    Column("connected_by", Words(), nullable=False),
    Column("refreshed_at", Instant()),
    Column("issued_at", Instant()),
    Column("rotates", Boolean()),
    Column("refreshes", Integer(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("tries", Integer(), nullable=False),
    Column("holder", Words()),
    Column("held_until", Instant()),
)

authorization = Table(
    "ipaas_authorization",
    metadata,
    Column("state_hash", Words(), primary_key=True),
    Column("connection_id", Words(), nullable=False),
    Column("app", Words(), nullable=False),
    Column("bound_to", Words(), nullable=False),
    Column("redirect_uri", Words(), nullable=False),
    Column("verifier", Words(), nullable=False),  # encrypted
    Column("begun_at", Instant(), nullable=False),
    Column("used_at", Instant()),
)

SCHEMA = Schema("token store", metadata, "ipaas_token_version", "t0001", Path(__file__).parent / "versions")
