"""Reasons of the sync's own: why a record is parked, skipped or failed without either service having refused it."""

from __future__ import annotations

from functools import partial

from .entry import Handling, row

_row = partial(row, "sync")

REASONS = (
    # Parked
    _row(
        "ambiguous_match",
        Handling.PARK,
        "Its e-mail belongs to more than one record",
        "Make the e-mail unique (merge or correct the records); the next run takes them up by itself.",
    ),
    _row(
        "match_already_linked",
        Handling.PARK,
        "The record it matches is linked with another one",
        "Merge the two records of the same service, or give one another e-mail.",
    ),
    _row(
        "possible_duplicate",
        Handling.PARK,
        "A record with the same name or account number is there already",
        "Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com "
        "record (or merge); where they are not, change the name or account number of one.",
    ),
    _row(
        "parent_not_synced",
        Handling.PARK,
        "The Contact's Account is no Company yet",
        "See the Account under errors; the Contact is released as soon as its Account is a Company.",
    ),
    _row(
        "max_creates",
        Handling.PARK,
        "The run would have created more records than it may",
        "Read the plan, then trigger the DAG with max_creates set to a number that allows it, or null.",
    ),
    _row(
        "mass_change",
        Handling.PARK,
        "The run would have changed more of the linked records than the connection allows",
        "Read what the run would change; where it is meant, trigger the DAG with allow_mass_change = true.",
    ),
    _row(
        "mass_blank",
        Handling.PARK,
        "The run would have blanked a field on more of the linked records than the connection allows",
        "Read which field the run would blank; where it is meant, trigger the DAG with allow_mass_change = true.",
    ),
    _row(
        "awaiting_first_contact",
        Handling.PARK,
        "The connection links first (`first_contact: link_only`), and nobody has said go yet",
        "Read the match report of the run, then trigger the DAG with confirm_first_contact = true.",
    ),
    _row(
        "superseded",
        Handling.PARK,
        "The target has moved since the write was planned",
        "Nothing to do: the record moved meanwhile, the next run plans it afresh.",
    ),
    _row(
        "not_attempted",
        Handling.PARK,
        "The run stopped before its turn",
        "Nothing to do beyond the error that stopped the run: the next run takes it up.",
    ),
    _row(
        "api_budget",
        Handling.PARK,
        "The org's API calls are used up",
        "Wait until the org's rolling 24-hour API limit frees up; the next run goes on from here.",
    ),
    _row(
        "uncertain_create",
        Handling.PARK,
        "The answer to its creation was lost: it may exist",
        "The next run looks for it; where it finds several, or one that is not as it was sent, store the id of the right one "
        "as the external id in iPaaS.com, or delete the others.",
    ),
    _row(
        "create_in_progress",
        Handling.PARK,
        "Another run is creating it",
        "Nothing to do: another run creates it; the next run looks again.",
    ),
    _row(
        "backfill_running",
        Handling.PARK,
        "A backfill of the collection is under way, and creates it",
        "Nothing to do: runs take it up again once the backfill has ended, or has not been heard of for two hours.",
    ),
    _row(
        "flip_flop",
        Handling.PARK,
        "A field keeps changing between the same values",
        "Find the two automations that undo each other's value, then replay the record, or trigger the DAG with `record_ids`.",
    ),
    _row(
        "conflict",
        Handling.PARK,
        "Both sides changed a field whose policy is to wait for a person",
        "Set both records to the same value, or change the field's conflict policy in the mapping.",
    ),
    _row(
        "merged_duplicate",
        Handling.PARK,
        "Its record was merged into one that is linked as well",
        "Merge or delete one of the two iPaaS.com records.",
    ),
    _row(
        "target_not_visible",
        Handling.PARK,
        "The integration user does not see the target; that is no sign of a delete",
        "Give the integration user access to the record, or delete it in both services.",
    ),
    _row(
        "field_broken",
        Handling.PARK,
        "It changed in a field that Salesforce does not let the API user use any more",
        "Give the integration user read and edit permission on the field again, or take it out of the mapping.",
    ),
    _row(
        "source_not_visible",
        Handling.PARK,
        "The integration user does not see the record any more; that is no sign of a delete",
        "Give the integration user access to the record again; where it was deleted for good, drop what waits.",
    ),
    _row(
        "external_id_missing",
        Handling.PARK,
        "iPaaS.com has not got the Salesforce id yet",
        "Nothing to do: the next run stores the Salesforce id in iPaaS.com.",
    ),
    _row(
        "row_locked",
        Handling.PARK,
        "Another transaction held the record",
        "Nothing to do: another transaction held the record; the next run tries again.",
    ),
    _row(
        "refused_before",
        Handling.PARK,
        "The target refused it before, with the same code; it waits for its next attempt",
        "Correct the record as its error says; an edit, a replay or `record_ids` has it tried at once.",
    ),
    _row(
        "error_filter",
        Handling.PARK,
        "An error filter of the mapping holds it",
        "Correct the record as the filter's message says, or change `error_filters` in the mapping; the next run takes it up.",
    ),
    _row(
        "direction_off",
        Handling.PARK,
        "It changed in the direction that this run does not write",
        "A run in both directions, or in this one, takes it up.",
    ),
    _row(
        "drift",
        Handling.PARK,
        "Reconcile found it out of step, or never read by a run",
        "Nothing to do: the next run reads it and brings it in step.",
    ),
    # Skipped
    _row(
        "dropped",
        Handling.SKIP,
        "A person dropped it from the records that wait",
        "Nothing to do: it is taken up again when it changes, or by `record_ids`.",
    ),
    _row(
        "target_deleted",
        Handling.SKIP,
        "The record it is linked with was deleted",
        "Nothing to do: deletes are not synced and deleted records are not recreated.",
    ),
    _row(
        "contact_without_account",
        Handling.SKIP,
        "A Contact without an Account does not become a Customer",
        "Set the Contact's Account if it should become a Customer.",
    ),
    _row(
        "contact_without_email",
        Handling.SKIP,
        "iPaaS.com requires an e-mail of a Customer",
        "Give the Contact an e-mail if it should become a Customer.",
    ),
    _row(
        "filtered",
        Handling.SKIP,
        "The mapping's filter does not let it through",
        "Nothing to do, unless it should be synced: then change the record or `filters` in the mapping.",
    ),
    _row(
        "left_filter",
        Handling.SKIP,
        "It is linked, and the mapping's filter does not let it through any more",
        "Its link is kept and its changes are not sent; they are as soon as the filter lets it through again.",
    ),
    _row("person_account", Handling.SKIP, "It is a person account", "Person accounts are not synced."),
    _row(
        "before_first_contact",
        Handling.SKIP,
        "It was in iPaaS.com before the first run, and nothing in Salesforce matches it",
        "Trigger the DAG with full = true, or with record_ids, to create it in Salesforce.",
    ),
    _row(
        "source_deleted",
        Handling.SKIP,
        "The source record was deleted",
        "Nothing to do: the record is gone.",
    ),
    # Failed
    _row(
        "record_not_found",
        Handling.FAIL_RECORD,
        "An id that was asked for leads to no record",
        "Check the id; the record does not exist or the integration user does not see it.",
    ),
    _row(
        "mapping_error",
        Handling.FAIL_RECORD,
        "The mapping can't translate a value (expression, translation table, max_length, filter)",
        "Correct the value in the source record, extend the mapping, or let the field be left out with "
        "`on_error: skip_field`.",
    ),
    _row(
        "invalid_text",
        Handling.FAIL_RECORD,
        "A text holds a character that neither service accepts (NUL, half of a surrogate pair)",
        "Remove the character from the field in the source record.",
    ),
)

# reason -> what a person can do.
NEXT_STEP: dict[str, str] = {code: entry.next_step for entry in REASONS for code in entry.codes}
