"""What an org does to records on its own: duplicate rules, and Contacts that nobody else may see."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_ipaas.clients.salesforce.soql import quote
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.salesforce import SalesforceExam
from airflow_provider_ipaas.errors import RequestLimitExceeded, ServiceError

_ACTIVE_RULES = "SELECT MasterLabel, SobjectType FROM DuplicateRule WHERE IsActive = true"
_VIEW_ALL = "Give the integration user View All Records on Contact (a permission set, Object Settings)."


class RulesExam:
    """Hints: neither can be proved from outside, so what is not known is said to be unknown."""

    def __init__(self, salesforce: SalesforceExam) -> None:
        self._salesforce = salesforce

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of this room in their order."""
        return (
            Check("salesforce.duplicate_rules", self._duplicate_rules, ("salesforce.access",)),
            Check("salesforce.private_contacts", self._private_contacts, ("salesforce.objects",)),
        )

    def _duplicate_rules(self, note: Notes) -> Iterator[Finding]:
        try:
            rows = list(self._salesforce.client.query(_ACTIVE_RULES))
        except RequestLimitExceeded:
            raise
        except ServiceError as error:
            yield note.ok(
                "duplicate rules",
                f"Unknown: the API user may not read them ({error.code}). A create that one objects to is parked "
                "(`possible_duplicate`).",
                "Look under Setup > Duplicate Rules.",
            )
            return
        for sobject in ("Account", "Contact"):
            names = [str(row.get("MasterLabel")) for row in rows if row.get("SobjectType") == sobject]
            if names:
                yield note.warning(
                    sobject,
                    f"Active duplicate rules: {', '.join(sorted(names))}. A create that one objects to, also one that only "
                    "alerts, is not made but parked (`possible_duplicate`).",
                    "Leave them on if people should decide; otherwise exclude the integration user from them "
                    "(Setup > Duplicate Rules, a condition on the current user).",
                )
            else:
                yield note.ok(sobject, "No active duplicate rule.")

    def _private_contacts(self, note: Notes) -> Iterator[Finding]:
        """Contacts without an Account are private: only their owner, and who may view all, sees them."""
        if self._salesforce.described("Contact").field("AccountId") is None:
            yield note.ok(
                "Contacts without an Account", "Unknown: the API user does not see Contact.AccountId.", _VIEW_ALL
            )
            return
        client = self._salesforce.client
        me = quote(client.user_id)
        private = "SELECT Id FROM Contact WHERE AccountId = null AND OwnerId"
        subject = "Contacts without an Account"
        if next(client.query(f"{private} != {me} LIMIT 1"), None) is not None:
            yield note.ok(subject, "The API user sees such Contacts of other owners.")
        elif next(client.query(f"{private} = {me} LIMIT 1"), None) is not None:
            yield note.warning(
                subject,
                "The API user sees its own such Contacts and none of other owners: there are none, or they are hidden "
                "from it, which can't be told from outside. Hidden ones never sync.",
                _VIEW_ALL,
            )
        else:
            yield note.ok(
                subject, "None seen: there are none, or they are hidden from the API user (private).", _VIEW_ALL
            )
