"""差异: the taxonomy for store, mail, sheet and tests (domain.md 7), and the buckets of conservation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.batch import BatchKey
from schemas.roster import Place, Problem
from schemas.texts import Text


class Code(StrEnum):
    """D01 to D22; the catalogue holds each code's texts, owner, next step and source of the rule."""

    DUE = "D01"
    OVERDUE = "D02"
    ONLY_ONLINE = "D03"
    FIELD_DIFFERS = "D04"
    MISTYPED_IDENTITY = "D05"
    SEVERAL_CANDIDATES = "D06"
    DUPLICATE_OFFLINE = "D07"
    DUPLICATE_ONLINE = "D08"
    TWICE_IN_YEAR = "D09"
    BATCH_DIFFERS = "D10"
    BELONGS_ELSEWHERE = "D11"
    MONEY_DIFFERS = "D12"
    SUMMARY_DIFFERS = "D13"
    POLICY = "D14"
    OUTCOME_UNKNOWN = "D15"
    CHANGED_ONLINE = "D16"
    CHANGED_OFFLINE = "D17"
    NOT_OURS = "D18"
    DRIFT = "D19"
    SILENCE = "D20"
    REVIEW_OUTSTANDING = "D21"
    DAMAGED_ROW = "D22"
    # The portal's own refusal has no code of its own in the taxonomy: it keeps a record un-entered (D01, D02)
    # and its words stand in that finding.


class Case(StrEnum):
    """What a finding says in particular, mostly where files are carried by hand; the code stays that of the taxonomy."""

    WAITS = "waits"  # D01, D02: exported, not uploaded
    UPLOADED = "uploaded"  # D15: uploaded, not read back
    UNREAD = "unread"  # D15: likewise, and for too long
    MISSING = "missing"  # D15: uploaded, and not in a newer export
    UNPLACED = "unplaced"  # D15: a refused row that cannot be told to be anybody's
    STALE = "stale"  # D17: offline has changed since the export
    SUPERSEDED = "superseded"  # D17: a later list of the batch stands in the place of this one
    ASK = "ask"  # D15: the portal cannot be asked, a person must
    VOUCHED = "vouched"  # D15: a person says it is there, nothing has proven it
    SUBMISSION = "submission"  # D15: of the submission for review, nobody knows yet whether it was taken
    SUBMISSION_ASK = "submission_ask"  # D15: likewise, and a person must look
    SUBMISSION_VOUCHED = "submission_vouched"  # D15: a person says it was taken, the batch's status does not
    REFUSED = "refused"  # D21: the portal refused the submission, and the batch stays a draft
    TAKEN_BACK = "taken_back"  # D21: it was submitted once, and is a draft again
    RETURNED = "returned"  # D21: the reviewer sent it back, and nobody has handed it in again
    CREDENTIALS = "credentials"  # D20: the portal does not accept who we are
    UNFINISHED = "unfinished"  # D20: the run ended early, and something may be left
    FORM = "form"  # D18: a sheet that is no roster, and was read as what it is
    FORM_SUMS = "form_sums"  # D13: what such a sheet adds up or states against the roster beside it
    BRAKE = "brake"  # D20: too much would change, and nothing is written before somebody has looked


class Rule(StrEnum):
    """Why two spellings of one field count as equal."""

    WIDTH = "width"  # full and half width
    BLANKS = "blanks"
    LETTER_CASE = "letter_case"  # the check character x and X
    DATE_FORM = "date_form"
    DICTIONARY = "dictionary"  # a code on one side, its word on the other
    MASK = "mask"  # the visible characters agree
    SPELLING = "spelling"  # separators of names and the like


class Moved(StrEnum):
    """Who moved since the last agreement."""

    OFFLINE = "offline"
    ONLINE = "online"
    BOTH = "both"
    NEVER_AGREED = "never_agreed"


class Bucket(StrEnum):
    """Every row of either side ends in exactly one (守恒等式)."""

    AGREED = "agreed"  # 一致
    DIFFERS = "differs"  # 不一致
    MISTYPED = "mistyped"  # 疑似录错
    DUPLICATE = "duplicate"  # 重复
    NOT_OURS = "not_ours"  # 不归我报
    # offline only
    PENDING = "pending"  # 待报
    EXPORTED = "exported"  # 已导出待上传
    UPLOADED = "uploaded"  # 已上传待回读
    REFUSED = "refused"  # 被拒
    UNKNOWN = "unknown"  # 结果未知
    BLOCKED = "blocked"  # 政策拦截
    REMOVED = "removed"  # 线上已删
    DAMAGED = "damaged"  # 损坏行
    LEADER = "leader"  # 带队
    SUPERSEDED = "superseded"  # 被新名单取代
    # online only
    ONLY_ONLINE = "only_online"  # 仅线上


class FindingState(StrEnum):
    OPEN = "open"
    SETTLED = "settled"  # the bridge itself read back that it is gone


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of both sides, masked for showing.

    `rule` names why two spellings count as equal; `positions` (from 1) say where two masked values differ that look alike.
    """

    field: str
    offline: str
    online: str
    agreed: str = ""
    rule: Rule | None = None
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, the same one as long as `id` is the same.

    `person` is the mark of a person (hex), `name` the masked name, both empty for a batch's own finding.
    `values` fill the catalogue's sentence, where `{text}` is said by `problems` and `evidence`; `words` are the portal's
    own, scrubbed. `information`: to be known, with nothing to do, whatever its code usually asks for.
    """

    id: str
    code: Code
    batch: BatchKey | None = None
    person: str = ""
    name: str = ""
    where: Place | None = None
    moved: Moved | None = None
    differences: tuple[FieldDifference, ...] = ()
    values: Mapping[str, str | int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    evidence: tuple[Text, ...] = ()
    words: str = ""
    unit: str = ""
    information: bool = False
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding with its life so far; `first_seen` survives settling and coming back (复发)."""

    finding: Finding
    first_seen: datetime
    last_seen: datetime
    state: FindingState
    returned: bool = False
