"""What is wrong with one cell of a ledger, to be shown in the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """`column` counts from 0, `row` from 1 as Excel shows it. An empty `sheet` is the first one.

    `text` is in the language of staff and names nobody; `refused` tells what stops a row from what somebody should look at.
    """

    sheet: str
    row: int
    column: int
    text: str
    refused: bool
