"""Acts carried out in a running practice portal, by hand as it were."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.practice.acts import Act, AddBatch, AddPerson, DeletePerson, EditBatch, EditPerson, Review
from adapters.practice.admin import Admin
from schemas.batch import BatchKey


def carry_out(acts: Iterable[Act], admin: Admin) -> None:
    """In their order. Raises LookupError where the portal does not hold what an act is about."""
    for act in acts:
        match act:
            case AddBatch():
                admin.add_batch(act.fields)
            case EditBatch():
                admin.edit_batch(_batch_id(admin, act.batch), **act.fields)
            case Review():
                admin.review(_batch_id(admin, act.batch))
            case AddPerson():
                admin.add_person(_batch_id(admin, act.batch), act.fields)
            case EditPerson():
                admin.edit_person(_person_id(admin, act), **act.fields)
            case DeletePerson():
                admin.delete_person(_person_id(admin, act))


def _batch_id(admin: Admin, key: BatchKey) -> str:
    for batch in admin.batches():
        if (batch["year"], batch["organizerName"], batch["batchName"]) == key:
            return str(batch["id"])
    raise LookupError(f"the portal holds no batch {key}")


def _person_id(admin: Admin, act: EditPerson | DeletePerson) -> str:
    for person in admin.people(_batch_id(admin, act.batch)):
        if person["idCard"] == act.id_no:
            return str(person["id"])
    raise LookupError(f"the portal holds nobody for {act}")
