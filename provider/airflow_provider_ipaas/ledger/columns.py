"""Column types that keep Python values as they are, the same on SQLite and PostgreSQL."""

# ruff: noqa: ARG002 -- the signatures are SQLAlchemy's
from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import TEXT as POSTGRES_TEXT
from sqlalchemy.types import TypeDecorator, TypeEngine

# What PostgreSQL or UTF-8 refuse to hold, and the escape character itself.
_UNSAFE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return "\\\\" if character == "\\" else f"\\u{ord(character):04x}"


def _unescape(match: re.Match[str]) -> str:
    escaped = match.group(1)
    return "\\" if escaped == "\\" else chr(int(escaped[1:], 16))


def plain_text() -> TypeEngine[str]:
    """Return text that compares by code point: the same order on both databases, and none that an OS upgrade moves."""
    return Text().with_variant(POSTGRES_TEXT(collation="C"), "postgresql")


def serial() -> TypeEngine[int]:
    """Return an integer that counts up by itself as a primary key on both databases."""
    return BigInteger().with_variant(Integer(), "sqlite")


class Words(TypeDecorator[str]):
    """Text; NUL and lone surrogates, which PostgreSQL and UTF-8 refuse, survive as escapes."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(plain_text())

    @staticmethod
    def to_database(value: str | None) -> str | None:
        if value is None or _UNSAFE.search(value) is None:
            return value
        return _UNSAFE.sub(_escape, value)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return self.to_database(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or "\\" not in value:
            return value
        return _ESCAPED.sub(_unescape, value)


class Instant(TypeDecorator[datetime]):
    """An aware point in time as ISO-8601 text of fixed width in UTC, so that text order is time order."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(plain_text())

    @staticmethod
    def to_database(value: datetime | None) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a point in time without a time zone can't be stored")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return self.to_database(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON value as ASCII text: every string survives, and no database looks inside. None is NULL."""

    impl = Text
    cache_ok = True

    # Built once: json.dumps with arguments makes a new encoder for every value.
    _encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

    @classmethod
    def to_database(cls, value: Any) -> str | None:
        return None if value is None else cls._encode(value)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return self.to_database(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class WordList(Json):
    """A tuple of strings as a JSON list."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return () if not value or value == "[]" else tuple(json.loads(value))
