"""What goes wrong in the practice, and the two days that come of it, with their truth."""

from __future__ import annotations

from collections.abc import Callable

from adapters.practice import faults_offline as offline
from adapters.practice import faults_online as online
from adapters.practice.staging import Demo, Staging
from adapters.practice.world import World

# What changes a batch's header comes first, then what wants rows of certain batches, then the rest.
_FAULTS: tuple[Callable[[Staging], None], ...] = (
    offline.late_ledger,
    offline.unlisted_base,
    offline.reviewed_then_corrected,
    offline.too_many_leaders,
    offline.too_many_days,
    offline.miscounted,
    online.entered_by_hand,
    online.guests,
    offline.damaged_ids,
    offline.twice_in_year,
    offline.twice_in_batch,
    online.not_taken,
    online.edited_online,
    online.mistyped_online,
    online.deleted_online,
    online.added_online,
    online.twice_online,
    online.dates_edited_online,
    offline.corrected_offline,
)


def stage(world: World) -> Demo:
    """Two days of `world` with every kind of fault, as many of each as its size bears."""
    staging = Staging(world)
    for put in _FAULTS:
        put(staging)
    return staging.finished()
