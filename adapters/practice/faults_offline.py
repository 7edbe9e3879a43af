"""What staff and policy have against the ledgers: damaged, doubled, miscounted, late, out of line.

Each fault puts itself into the staging together with the finding that must come of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from adapters.practice.acts import Review
from adapters.practice.staging import At, Staging
from adapters.practice.weihai import BASES, DAY_1
from adapters.practice.world import Damage, Form, Ledger, Row
from schemas.batch import BatchKey
from schemas.finding import Code

_UNLISTED_BASE = "桃村演练度假村"
_MOST_DAYS = 5  # within the province (Weihai 2025 四1)


def late_ledger(staging: Staging) -> None:
    """Overdue long before its ledger arrives: entered on day 2 it is met late, which is no finding."""
    key = staging.cast_batch(staging.open_to(lambda led: led.form is Form.SINGLE), lambda led: not _is_fresh(led))
    end = DAY_1 - timedelta(days=9)
    ledger = staging.ledger(key)
    staging.rewrite(_at(ledger, ledger.batch.base, start=end - timedelta(days=3), end=end))
    staging.keep_back(key)


def unlisted_base(staging: Staging) -> None:
    """D14 blocks the batch. The first one's five days end on day 1."""
    for number in range(staging.count(2)):
        key = staging.cast_batch(staging.open_to(_has_ended), lambda led: not _is_fresh(led))
        ledger = staging.ledger(key)
        end = DAY_1 - timedelta(days=5) if number == 0 else ledger.batch.end
        staging.rewrite(_at(ledger, _UNLISTED_BASE, start=end - timedelta(days=4), end=end))
        staging.expect(Code.POLICY, key)
        staging.expect_not_entered(key)
        staging.close(key)


def reviewed_then_corrected(staging: Staging) -> None:
    for _ in range(staging.count(2)):
        key = staging.cast_batch(staging.in_time, lambda led: led.form is not Form.DELIMITED)
        staging.between.append(Review(key))
        for at in staging.deal(staging.count(2), [key]):
            _correct_phone(staging, at)
            staging.expect(Code.CHANGED_OFFLINE, key, staging.person(at).id_no, days=(2,))
        staging.close(key)


def too_many_leaders(staging: Staging) -> None:
    key = staging.cast_batch(staging.in_time, lambda led: led.form is not Form.JOINT)
    ledger = staging.ledger(key)
    more = staging.cast.people([ledger.rows[0].person.unit] * 2)
    staging.rewrite(replace(ledger, leaders=(*ledger.leaders, *more)))
    staging.expect(Code.POLICY, key)


def too_many_days(staging: Staging) -> None:
    key = staging.cast_batch(staging.in_time, lambda led: led.batch.days <= _MOST_DAYS)
    ledger = staging.ledger(key)
    end = ledger.batch.end
    staging.rewrite(_at(ledger, BASES[0].name, start=end - timedelta(days=_MOST_DAYS), end=end))
    staging.expect(Code.POLICY, key)


def miscounted(staging: Staging) -> None:
    for number in range(staging.count(2)):
        one_sheet = [key for key in staging.in_time if staging.ledger(key).form is not Form.JOINT]
        key = staging.cast_batch(one_sheet, lambda led: led.miscount == 0)
        staging.rewrite(replace(staging.ledger(key), miscount=-1 - number))
        staging.expect(Code.SUMMARY_DIFFERS, key)


def damaged_ids(staging: Staging) -> None:
    """Staff put the first ones right before day 2."""
    to_put_right = staging.count(2)
    for damage, fits in ((Damage.NUMBER, str.isdigit), (Damage.E_NOTATION, bool), (Damage.CHECK_DIGIT, bool)):
        for at in staging.deal(staging.count(3), staging.kept_offline_only, fits):
            row = Row(staging.person(at), damage)
            put_right = to_put_right > 0
            to_put_right -= 1
            days = (1,) if put_right else (1, 2)
            staging.put(at, row, days=days)
            staging.expect(Code.DAMAGED_ROW, at.key, damaged=at, days=days)


def twice_in_batch(staging: Staging) -> None:
    for at in staging.deal(staging.count(2), staging.kept_offline_only):
        staging.append(at.key, Row(staging.person(at)))
        staging.expect(Code.DUPLICATE_OFFLINE, at.key, staging.person(at).id_no)


def twice_in_year(staging: Staging) -> None:
    """The batch that starts later is the one too many."""

    def start(key: BatchKey) -> date:
        return staging.ledger(key).batch.start

    if not staging.kept_offline_only:
        return
    later = max(staging.kept_offline_only, key=start)
    earlier = [key for key in staging.open_to(_has_ended) if start(key) < start(later)]
    for at in staging.deal(staging.count(2), earlier):
        staging.append(later, Row(staging.person(at)))
        staging.expect(Code.TWICE_IN_YEAR, later, staging.person(at).id_no)


def corrected_offline(staging: Staging) -> None:
    """Offline alone has moved since the agreement: the bridge enters it, and there is nothing to find."""
    for at in staging.deal(staging.count(5), staging.in_time):
        _correct_phone(staging, at)


def _has_ended(ledger: Ledger) -> bool:
    return ledger.batch.end < DAY_1


def _is_fresh(ledger: Ledger) -> bool:
    return DAY_1 - timedelta(days=5) < ledger.batch.end < DAY_1


def _at(ledger: Ledger, base: str, *, start: date, end: date) -> Ledger:
    return replace(ledger, batch=replace(ledger.batch, base=base, start=start, end=end))


def _correct_phone(staging: Staging, at: At) -> None:
    staging.put(at, Row(staging.otherwise(staging.person(at), "phone")), days=(2,))
