"""Creates in Salesforce by the thousand: a job of Bulk API 2.0 takes a fraction of the calls of batches of 200.

Only by an external-id field that the org keeps unique. A job goes on in the org whatever becomes of the task that began
it; by such a field, whoever creates one of its records again finds the first one. Its id is noted before it may begin, so
that the next attempt ends it first and then looks for what it has made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_ipaas.errors import AuthenticationError, RequestLimitExceeded, ServiceError

from .budget import hold_to_budget
from .claiming import ABANDONED, held
from .context import Sync
from .model import Item, Record
from .ports import WriteResult
from .progress import EVERY

NULL = "#N/A"  # says "no value" in a job


class JobNotTried(Exception):
    """The records can't go as a job; nothing was written."""


class BulkJobs:
    """The jobs of one task; turned off for the rest of it once one has gone wrong."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._off = sync.settings.bulk_threshold == 0
        self._unique: bool | None = None
        self._key_fact = f"bulk_job:{sync.collection}"

    def enough(self, count: int) -> bool:
        """Tell whether so many creates are worth a job."""
        return not self._off and count >= self._sync.settings.bulk_threshold

    def safe(self, external_id_field: str | None) -> bool:
        """Tell whether the org keeps the field unique by which records are created."""
        sync = self._sync
        if self._unique is None and external_id_field is not None:
            field = sync.salesforce.describe(sync.sobject).fields.get(external_id_field)
            self._unique = field is not None and field.unique and field.external_id
        return bool(self._unique)

    def end_left_behind(self) -> bool:
        """End the job that an earlier attempt has left behind, if there is one; tell whether none is under way now.

        What a run that is still alive has begun is its own: it holds the claims of its records, and as long as those.
        """
        sync = self._sync
        stored = sync.ledger.fact(sync.scope, self._key_fact)
        if stored is None:
            return True
        owner = sync.ledger.run(stored[0]["run_key"])
        others = owner is not None and owner.run_key != sync.run.run_key and owner.phase != "reported"
        if others and sync.clock() - stored[1] <= ABANDONED:
            self._off = True
            return True
        job_id = str(stored[0]["job_id"])
        sync.log.info("Ending bulk job %s, which an earlier attempt has left behind.", job_id)
        if not sync.salesforce.end_job(job_id):
            self._off = True
            return False
        sync.ledger.drop_fact(sync.scope, self._key_fact)
        return True

    def create(self, items: Sequence[Item], bodies: dict[str, Record], key: str) -> dict[str, WriteResult]:
        """Create records, whose *bodies* carry the *key*; return the results of those that the org has processed.

        Raises JobNotTried where nothing was written, UnknownOutcome for a job that does not end.
        """
        sync = self._sync
        hold_to_budget(sync, f"writing {len(items)} {sync.sobject}s as a bulk job")
        try:
            job_id = sync.salesforce.open_upsert_job(sync.sobject, key, [bodies[item.record_id] for item in items])
        except (AuthenticationError, RequestLimitExceeded):
            raise
        except ValueError:
            raise JobNotTried from None  # more bytes than one upload may have
        except ServiceError as error:
            if error.transient:
                raise
            self._off = True
            sync.log.warning("Salesforce takes no bulk job, so records go 200 at a time: %s", error.message)
            raise JobNotTried from None
        sync.ledger.set_fact(sync.scope, self._key_fact, {"job_id": job_id, "run_key": sync.run.run_key})
        _, taken = held(sync, items, "to_salesforce")
        if taken:
            self._off = True
            raise JobNotTried  # a job that is never closed writes nothing; the next attempt ends it
        sync.log.info("Creating %s %ss as bulk job %s.", f"{len(items):,}", sync.sobject, job_id)
        self._off = True  # unless it ends well: what it wrote is not known yet
        results = sync.salesforce.finish_upsert_job(job_id, key, _telling(sync, len(items)))
        self._off = not results
        sync.ledger.drop_fact(sync.scope, self._key_fact)
        return results


def fits(body: Record) -> bool:
    """Tell whether a record says the same as a row of CSV; one with the mark for "no value" as a text does not."""
    try:
        "".join(value for value in body.values() if isinstance(value, str)).encode()
    except UnicodeEncodeError:
        return False
    return not any(value == NULL or isinstance(value, dict | list) for value in body.values())


def _telling(sync: Sync, total: int) -> Callable[[int], None]:
    told_at = sync.clock()

    def tell(done: int) -> None:
        nonlocal told_at
        if sync.clock() - told_at >= EVERY:
            told_at = sync.clock()
            sync.log.info("The bulk job is at %s of %s.", f"{done:,}", f"{total:,}")

    return tell
