"""All records of one kind, with the indexes that keep look-ups fast at a hundred thousand."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final

from airflow_provider_ipaas.sandbox.ipaas.model import CUSTOMER, Content, Kind, Record, fold

FIRST_ID: Final = 1001


class RecordTable:
    """Records by id, in id order, and by the folded values of their key fields."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.keys = ("email_address", "customer_number") if kind is CUSTOMER else ("name", "account_number")
        self._records: dict[int, Record] = {}
        self._listed: list[int] = []
        self._index: dict[str, dict[str, set[int]]] = {key: {} for key in self.keys}
        self._next = FIRST_ID

    def next_number(self) -> int:
        """Hand out the next id; ids are never used twice."""
        self._next += 1
        return self._next - 1

    def add(self, record: Record) -> None:
        """Take in a new record."""
        self._records[record.number] = record
        if not self._listed or record.number > self._listed[-1]:
            self._listed.append(record.number)
        else:
            insort(self._listed, record.number)
        self._index_values(record)

    def change(self, record: Record, content: Content) -> None:
        """Give a record new content."""
        self._forget_values(record)
        record.values = content.values
        record.addresses = content.addresses
        record.custom_fields = content.custom_fields
        record.extension_fields = content.extension_fields
        self._index_values(record)

    def set_active(self, record: Record, active: bool) -> None:
        """Put a record into the lists, or take it out of them."""
        if record.active == active:
            return
        record.active = active
        if active:
            insort(self._listed, record.number)
        else:
            del self._listed[bisect_left(self._listed, record.number)]

    def remove(self, record: Record) -> None:
        """Forget a record."""
        self.set_active(record, False)
        self._forget_values(record)
        del self._records[record.number]

    def get(self, number: int) -> Record | None:
        """Return a record by id, active or not."""
        return self._records.get(number)

    def having(self, key: str, value: object) -> list[Record]:
        """Return the records, active or not, whose key field equals `value` but for case and outer blanks."""
        return [self._records[number] for number in sorted(self._index[key].get(fold(value), ()))]

    def count(self) -> int:
        """Return how many active records there are."""
        return len(self._listed)

    def listed(self, start: int = 0, stop: int | None = None) -> list[Record]:
        """Return active records in id order."""
        return [self._records[number] for number in self._listed[start:stop]]

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def _index_values(self, record: Record) -> None:
        for key, index in self._index.items():
            folded = fold(record.values.get(key))
            if folded:
                index.setdefault(folded, set()).add(record.number)

    def _forget_values(self, record: Record) -> None:
        for key, index in self._index.items():
            folded = fold(record.values.get(key))
            numbers = index.get(folded)
            if numbers is not None:
                numbers.discard(record.number)
                if not numbers:
                    del index[folded]
