"""What a ledger states about a batch, gathered from the nearest place to the farthest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date

from schemas.batch import Batch, BatchKey, Level
from schemas.roster import Origin


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a batch so far.

    `unit` is the unit of the people of a table without such a column. `year` completes dates written without one.
    `unclear` names the facts a place states in words nobody understands: no farther place may speak for it.
    `origins` say who stated each; facts that say the same are equal, whoever stated them.
    """

    name: str = ""
    organiser: str = ""
    unit: str = ""
    level: Level | None = None
    base: str = ""
    start: date | None = None
    end: date | None = None
    year: int | None = None
    unclear: frozenset[str] = frozenset()
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)

    def told(self, origin: Origin | None) -> Facts:
        """The same facts, all of them stated there."""
        if origin is None:
            return self
        return replace(self, origins={name: origin for name in _NAMES if getattr(self, name)})

    def over(self, outer: Facts) -> Facts:
        """These facts, and those of `outer` where these say nothing. Start and end stay together."""
        own = {name for name in _NAMES if getattr(self, name) or name in self.unclear}
        if own & {"start", "end"}:
            own |= {"start", "end"}
        said = {name: getattr(self if name in own else outer, name) for name in _NAMES}
        told = {name: origin for name, origin in outer.origins.items() if name not in own}
        return Facts(**said, unclear=self.unclear | (outer.unclear - own), origins={**told, **self.origins})

    @property
    def missing(self) -> tuple[str, ...]:
        """What a batch must state and these facts do not."""
        return tuple(name for name in ("name", "organiser", "level", "base", "start", "end") if not getattr(self, name))

    def batch(self) -> Batch | None:
        if self.level is None or self.start is None or self.end is None or self.missing:
            return None
        key = BatchKey(self.start.year, self.organiser, self.name)
        return Batch(key, self.level, self.base, self.start, self.end)


_NAMES = tuple(one.name for one in fields(Facts) if one.name not in {"unclear", "origins"})
