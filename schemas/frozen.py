"""The file of a frozen plan: marks in hex, batches by key, operations and counts. No name, id or phone is in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from schemas.portal import Operation

VERSION: Literal[1] = 1

Hex = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{2})*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FrozenRow(_Part):
    """One record. `person` is the mark of a person, empty for the batch's header. A mark that is empty: nothing there."""

    person: Hex
    operation: Operation
    offline: Hex
    online: Hex
    agreed: Hex


class FrozenBatch(_Part):
    batch: str
    ends: date
    count: int
    rows: tuple[FrozenRow, ...]


class FrozenPlan(_Part):
    """`hash` is keyed, over everything else; `journal` is the journal the plan was made for."""

    version: Literal[1]
    journal: Hex
    made_at: datetime
    batches: tuple[FrozenBatch, ...]
    hash: Hex = ""
