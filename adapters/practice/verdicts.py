"""What the portal says of each person, and how the weather twists it. Nothing here changes what is stored."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.practice.forms import Code
from adapters.practice.weather import Count, Sky

Said = dict[str, object]
_NOBODY = "0" * 32  # no serial of any client looks like this


def twisted(saved: Sequence[Said], failed: Sequence[Said], sky: Sky) -> tuple[list[Said], list[Said]]:
    """The verdicts as they are told: saved, failed."""
    told = [row for row in saved if not sky.take(Count.LEAVE_OUT)]
    told += [row | {"id": str(int(str(row["id"])) + 1)} for row in told if sky.take(Count.REPEAT)]
    against = [row for row in told if sky.take(Count.CONTRADICT)]
    refused = [
        *failed,
        *({"serialNo": r["serialNo"], "code": Code.FORMAT, "msg": "人员信息格式校验不通过"} for r in against),
    ]
    if sky.take(Count.STRANGERS):
        told.append({"serialNo": _NOBODY, "id": "1"})
    if sky.take(Count.SWAP):
        told = [row | {"serialNo": f"{index:032}"} for index, row in enumerate(told)]
    if sky.now.permute:
        told.reverse()
    return told, refused
