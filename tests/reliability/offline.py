"""What offline holds, and what a report says, in the words the checker reads."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.report import Report
from tests.adapters.ledgers import id_no
from tests.reliability.checker import Row, Who
from tests.reliability.paper import digest
from tests.system.office import ORGANISER


def in_ledgers(people: Mapping[int, tuple[str, str]]) -> dict[Who, Row]:
    """Person's number → (batch, unit), as an office keeps them in its ledgers."""
    return {
        (f"2025/{ORGANISER}/{batch}", digest(id_no(number))): {"laborName": unit}
        for number, (batch, unit) in people.items()
    }


def told(report: Report) -> Row:
    """Both lines of conservation."""
    sides = {"offline": report.offline, "online": report.online}
    return {
        name: {"rows": side.rows, "buckets": {bucket.value: count for bucket, count in side.buckets.items()}}
        for name, side in sides.items()
    }
