"""Findings of the brake: each batch that is held back, why, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.findings.view import View, batch_values
from schemas.finding import Case, Code, Finding


def of_brakes(view: View) -> Iterator[Finding]:
    """It says what offline seems to have become: what would follow from that is not told of each person beside it."""
    for key, held in view.held.items():
        yield Finding(
            id=view.identify((Code.SILENCE, str(key), Case.BRAKE)),
            code=Code.SILENCE,
            batch=key,
            values={**batch_values(view, key), "count": held.records, "review": held.review},
            evidence=tuple(text for sign in held.signs for text in sign.texts),
            unit=key.organiser,
            case=Case.BRAKE,
        )
