"""What the closed sets are called: buckets, clocks, fields and the canonical words that stand in them."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.batch import Level
from schemas.finding import Bucket, Moved, Rule
from schemas.identity import IdType
from schemas.portal import OnlineStatus
from schemas.report import ClockState
from schemas.roster import Category
from schemas.texts import T, Text

BUCKETS: Mapping[Bucket, Text] = {
    Bucket.AGREED: T("agreed"),
    Bucket.DIFFERS: T("different"),
    Bucket.MISTYPED: T("probably mistyped"),
    Bucket.DUPLICATE: T("duplicate"),
    Bucket.NOT_OURS: T("not ours"),
    Bucket.PENDING: T("to be entered"),
    Bucket.EXPORTED: T("exported, to be uploaded"),
    Bucket.UPLOADED: T("uploaded, to be read back"),
    Bucket.REFUSED: T("refused"),
    Bucket.UNKNOWN: T("outcome unknown"),
    Bucket.BLOCKED: T("stopped by policy"),
    Bucket.REMOVED: T("removed online"),
    Bucket.DAMAGED: T("damaged rows"),
    Bucket.LEADER: T("leaders"),
    Bucket.SUPERSEDED: T("superseded by a newer list"),
    Bucket.ONLY_ONLINE: T("only online"),
}

CLOCKS: Mapping[ClockState, Text] = {
    ClockState.NOT_YET: T("not ended yet"),
    ClockState.IN_TIME: T("in time"),
    ClockState.DUE_SOON: T("due soon"),
    ClockState.DUE_TODAY: T("due today"),
    ClockState.OVERDUE: T("overdue"),
    ClockState.MET: T("done"),
    ClockState.MET_LATE: T("done late"),
}

MOVED: Mapping[Moved, Text] = {
    Moved.OFFLINE: T("changed offline"),
    Moved.ONLINE: T("changed online"),
    Moved.BOTH: T("changed on both sides"),
    Moved.NEVER_AGREED: T("never agreed before"),
}

LEVELS: Mapping[str, Text] = {
    Level.DEMONSTRATION: T("provincial demonstration level"),
    Level.CITY: T("city level"),
    Level.DISTRICT: T("district level"),
    Level.GRASSROOTS: T("grassroots level"),
}

STATUSES: Mapping[OnlineStatus, Text] = {
    OnlineStatus.DRAFT: T("draft"),
    OnlineStatus.SUBMITTED: T("submitted"),
    OnlineStatus.REVIEWED: T("reviewed"),
    OnlineStatus.RETURNED: T("sent back"),
}

RULES: Mapping[Rule, Text] = {
    Rule.WIDTH: T("full and half width"),
    Rule.BLANKS: T("blanks"),
    Rule.LETTER_CASE: T("upper and lower case"),
    Rule.DATE_FORM: T("form of the date"),
    Rule.DICTIONARY: T("code and word"),
    Rule.MASK: T("visible characters"),
    Rule.SPELLING: T("signs between words"),
}

FIELDS: Mapping[str, Text] = {
    "year": T("Year"),
    "organiser": T("Organiser"),
    "name": T("Name"),
    "level": T("Level"),
    "base": T("Base"),
    "start": T("Start"),
    "end": T("End"),
    "headcount": T("Head count"),
    "leaders": T("Leaders"),
    "id_type": T("Type of document"),
    "id_no": T("Id number"),
    "phone": T("Phone"),
    "unit": T("Unit"),
    "category": T("Category"),
}

_CATEGORIES: Mapping[str, Text] = {
    Category.SKILLED: T("skilled workers"),
    Category.COMMENDED: T("commended workers"),
    Category.HARDSHIP: T("workers in hard posts"),
    Category.CONTRIBUTOR: T("contributors"),
    Category.NEW_EMPLOYMENT: T("new forms of employment"),
}

_ID_TYPES: Mapping[str, Text] = {
    IdType.RESIDENT: T("resident id"),
    IdType.HMT_PERMIT: T("permit of Hong Kong, Macao, Taiwan"),
    IdType.FOREIGN_PERMIT: T("foreigners' permit"),
    IdType.PASSPORT: T("passport"),
}

VALUES: Mapping[str, Mapping[str, Text]] = {"level": LEVELS, "category": _CATEGORIES, "id_type": _ID_TYPES}
"""Field → canonical word → what people call it."""
