"""Whether what a portal answers looks like what its dialect describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adapters.portal.records import RecordForm
from adapters.wire.calls import Reply
from adapters.wire.pages import Row
from adapters.wire.paths import MISSING, machine_word, member, steps, text
from schemas.dialect import Dialect
from schemas.examined import Examined
from schemas.identity import scrub
from schemas.outcome import Transport
from schemas.texts import T, Text
from schemas.veil import Veil

_LONGEST_MESSAGE, _LONGEST_WORD = 200, 40


def answered(reply: Reply, veil: Veil) -> Text:
    """What the portal said, as far as it may be repeated. Secrets go first: what masks or cuts would hide them from the veil."""
    seen = reply.seen
    if seen.transport is not Transport.ANSWERED:
        return T("no answer of the portal's ({cause})", cause=reply.cause)
    message = scrub(veil.hide(" ".join(seen.message.split())))[:_LONGEST_MESSAGE]
    code = machine_word(seen.code)
    if not message:
        return T("answered {status} {code}", status=seen.status, code=code)
    return T("answered {status} {code}: {message}", status=seen.status, code=code, message=message)


def compared_rows(rows: Sequence[Row], dialect: Dialect, year: int) -> Iterator[Examined]:
    """The fields and words of listed batches."""
    if not rows:
        yield Examined(T("[fields] and [words]"), 0, T("not compared: no batch of {year} is listed", year=year))
        return
    form, record = RecordForm.of_batches(dialect), dialect.fields.record
    places = {f"fields.batch.{ours}": path for ours, path in form.names.items()}
    for name in ("online_id", "status", "change"):
        if field := getattr(record, name):
            places[f"fields.record.{name}"] = steps(field)
    missing = {key: path for key, path in places.items() if any(member(row, path) is MISSING for row in rows)}
    for key, path in missing.items():
        text = T("no field {field} in the rows", field=".".join(path))
        yield Examined(T("{key}", key=key), 1, text, T("Write the name the portal uses."))
    if not missing:
        yield Examined(T("[fields.batch]"), 0, T("every field is there"))
    if news := sorted({name for row in rows for name in form.unknown(row)}):
        text = T("the portal lists more: {fields}", fields=", ".join(map(machine_word, news)))
        yield Examined(T("fields.ignored"), 0, text, T("Name there what is of no use."))
    yield from _words(rows, dialect, {"level": form.names.get("level", ()), "status": steps(record.status)})


def _words(rows: Sequence[Row], dialect: Dialect, places: Mapping[str, tuple[str, ...]]) -> Iterator[Examined]:
    for section, path in places.items():
        ours = dialect.words.read[section]
        if not path or not ours:
            continue
        name = T("[words.{section}]", section=section)
        said = {text(member(row, path)) for row in rows} - {""}
        if unknown := sorted(said - ours.keys()):
            what = T("the portal says {words}", words=", ".join(map(_word, unknown)))
            yield Examined(name, 1, what, T("Add them to the words they mean."))
        else:
            yield Examined(name, 0, T("every word is known"))


def compared_words(name: Text, listed: Mapping[str, str], section: str, ours: Mapping[str, str]) -> Examined:
    """`listed` is the portal's code → its word, either of which a dialect may write."""
    theirs = listed.keys() | set(listed.values())
    new = [f"{code} {_word(word)}".strip() for code, word in listed.items() if not {code, word} & ours.keys()]
    gone = sorted(ours.keys() - theirs)
    if not new and not gone:
        return Examined(name, 0, T("{count} words, as in [words.{section}]", count=len(listed), section=section))
    what = T("new: {new}; gone: {gone}", new=", ".join(new) or "-", gone=", ".join(gone) or "-")
    return Examined(name, 1, what, T("Correct [words.{section}].", section=section))


def _word(word: str) -> str:
    return scrub(word)[:_LONGEST_WORD]
