"""The longest value of each mapped field on both sides: what the source may hold and the target would refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airflow_provider_ipaas.doctor.api_profile import ApiProfileExam
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.salesforce import SalesforceExam
from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule


class LengthsExam:
    """Known lengths only: Salesforce tells its own, iPaaS.com only where its description does."""

    def __init__(
        self,
        salesforce: SalesforceExam,
        api_profile: ApiProfileExam | None,
        mappings: Callable[[], Sequence[CollectionMapping]],
    ) -> None:
        self._salesforce = salesforce
        self._api_profile = api_profile
        self._mappings = mappings

    def checks(self) -> tuple[Check, ...]:
        """Return the check of this room; it comes after the description of the API has been read."""
        return (Check("mapping.lengths", self._lengths, ("salesforce.objects", "mapping")),)

    def _lengths(self, note: Notes) -> Iterator[Finding]:
        compared = 0
        for mapping in self._mappings():
            for rule in mapping.fields:
                pair = self._pair(mapping, rule)
                if pair is None:
                    continue
                compared += 1
                yield from _judge(note, mapping, rule, *pair)
        if not compared:
            yield note.ok(
                "lengths",
                "Unknown: iPaaS.com does not tell how long its fields may be. What is too long is refused for that record "
                "alone, never cut.",
            )

    def _pair(self, mapping: CollectionMapping, rule: FieldRule) -> tuple[int, int] | None:
        """Return the longest values of Salesforce's and of iPaaS.com's field, where both are known."""
        records = self._api_profile.records if self._api_profile else None
        plain = rule.kind == "text" and not rule.ipaas_custom and rule.salesforce and "." not in rule.salesforce
        if records is None or not plain or not rule.salesforce or not rule.ipaas:
            return None
        field = self._salesforce.described(mapping.sobject).field(rule.salesforce)
        there = records.longest(mapping.kind, rule.ipaas)
        return (field.length, there) if field and field.length and there else None


def _judge(note: Notes, mapping: CollectionMapping, rule: FieldRule, here: int, there: int) -> Iterator[Finding]:
    subject = f"{mapping.sobject}.{rule.salesforce} and {rule.ipaas}"
    said = f"{here:,} characters in Salesforce, {there:,} in iPaaS.com"
    mend = (
        "Shorten such values, or keep the two fields apart; a value that is too long is refused for that record alone."
    )
    if rule.writes_ipaas and here > there:
        yield note.warning(subject, f"Salesforce may hold more than iPaaS.com takes: {said}.", mend)
    elif rule.writes_salesforce and there > here:
        yield note.warning(subject, f"iPaaS.com may hold more than Salesforce takes: {said}.", mend)
    else:
        yield note.ok(subject, f"What one side holds fits the other: {said}.")
