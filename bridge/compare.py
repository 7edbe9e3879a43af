"""Compare two sides of one record, field by field, and say by which rule two spellings are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from schemas.batch import canonical_day
from schemas.finding import FieldDifference, Moved, Rule
from schemas.identity import is_masked, mask_id, mask_name, mask_phone
from schemas.journal import Values

_MASKS = {"name": mask_name, "id_no": mask_id, "phone": mask_phone}


def differences(
    fields: Sequence[str], offline: Values, online: Values, *, raw: Values, agreed: Values | None = None
) -> tuple[FieldDifference, ...]:
    """Every field the sides state or spell differently, masked; `rule` is set where only the spelling differs."""
    found = []
    for field in fields:
        ours, theirs, spelled = offline[field], online[field], raw.get(field, online[field])
        if ours == theirs == spelled:
            continue
        found.append(
            FieldDifference(
                field=field,
                offline=shown(field, ours),
                online=shown(field, theirs),
                agreed=shown(field, agreed[field]) if agreed and ours != theirs else "",
                rule=rule_of(field, ours, spelled) if ours == theirs else None,
                positions=_positions(field, ours, theirs),
            )
        )
    return tuple(found)


def shown(field: str, value: str) -> str:
    """A value as mails and sheets may show it."""
    mask = _MASKS.get(field)
    return mask(value) if mask and value else value


def rule_of(field: str, canonical: str, spelled: str) -> Rule:
    """Why `spelled`, as the portal writes it, counts as `canonical`."""
    if is_masked(spelled):
        return Rule.MASK
    if re.sub(r"\s", "", spelled) == re.sub(r"\s", "", canonical):
        return Rule.BLANKS
    if spelled.upper() == canonical.upper():
        return Rule.LETTER_CASE
    if re.sub(r"\s", "", unicodedata.normalize("NFKC", spelled)).upper() == canonical.upper():
        return Rule.WIDTH
    if field in {"start", "end"} and canonical_day(spelled) == canonical:
        return Rule.DATE_FORM
    return Rule.DICTIONARY if field in {"level", "category", "id_type"} else Rule.SPELLING


def who_moved(offline: bytes | None, online: bytes | None, agreed: bytes | None) -> Moved:
    """Which side has left the last agreement. The sides differ when this is asked."""
    if agreed is None:
        return Moved.NEVER_AGREED
    if offline == agreed:
        return Moved.ONLINE
    return Moved.OFFLINE if online == agreed else Moved.BOTH


def _positions(field: str, ours: str, theirs: str) -> tuple[int, ...]:
    """Where two values differ whose masks look alike."""
    alike = shown(field, ours) == shown(field, theirs) and len(ours) == len(theirs)
    if not alike or field not in _MASKS:
        return ()
    return tuple(at for at, (one, other) in enumerate(zip(ours, theirs, strict=True), start=1) if one != other)
