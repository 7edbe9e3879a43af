"""The report as a mail: text for a phone, HTML, and the workbook attached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from adapters.render import words
from adapters.render.page import mail_page
from adapters.render.sheet import workbook
from adapters.render.verdict import verdict
from schemas.report import Item, Report, Side
from schemas.texts import Language, T, Text

# 7bit: a mail server without 8BITMIME must be able to pass it on unchanged.
POLICY = SMTP.clone(cte_type="7bit")
_LINES_MAX = 20
_TEXT_MAX = 120
_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_letter(
    report: Report, language: Language, *, message_id: str, sender: str, recipients: Sequence[str]
) -> bytes:
    """RFC 5322 bytes, the same for the same report."""
    message = EmailMessage(POLICY)
    message["Subject"] = subject(report, language)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = report.made_at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain(report, language))
    message.add_alternative(mail_page(report, language), subtype="html")
    name = T("reconciliation_{date}.xlsx", date=report.business_date.isoformat()).into(language)
    message.add_attachment(workbook(report, language), maintype="application", subtype=_XLSX, filename=name)
    _name_boundaries(message, message_id)
    return message.as_bytes()


def subject(report: Report, language: Language) -> str:
    values = {"federation": _one_line(report.federation), "verdict": verdict(report).headline(language)}
    text = T("[Recuperation] {federation}: {verdict}", **values)
    if report.practice:
        text = T("[PRACTICE][Recuperation] {federation}: {verdict}", **values)
    return text.into(language)


def plain(report: Report, language: Language) -> str:
    """The text part: verdict, to-do in short, conservation, where the rest is."""
    found = verdict(report)
    parts: list[str | Text] = [subject(report, language), *found.details, *report.banners, ""]
    if report.to_do:
        parts.append(T("To do: {count}", count=len(report.to_do)))
        parts.extend(_to_do(report, language))
    parts += [T("Where every row went"), *_sides(report, language), ""]
    parts.append(T("Everything is in the attached workbook. Names and numbers are masked."))
    texts = [part.into(language) if isinstance(part, Text) else part for part in parts]
    return words.printable("\n".join(texts)) + "\n"


def _to_do(report: Report, language: Language) -> Iterator[str]:
    for number, item in enumerate(words.by_hours_left(report.to_do)[:_LINES_MAX], start=1):
        yield f"{number}. {_in_short(item, language)}"
        yield f"   {words.shortened(_one_line(item.what), _TEXT_MAX)}"
        if item.next_step:
            step = T("Next: {step}", step=words.shortened(_one_line(item.next_step), _TEXT_MAX))
            yield f"   {step.into(language)}"
    left_out = len(report.to_do) - _LINES_MAX
    if left_out > 0:
        yield T("{count} more: all of them are in the attached workbook.", count=left_out).into(language)
    yield ""


def _in_short(item: Item, language: Language) -> str:
    parts = (words.hours_left(item.hours_left).into(language), f"{item.code} {item.title}", item.batch, item.name)
    return words.shortened(_one_line(" · ".join(part for part in parts if part)), _TEXT_MAX)


def _sides(report: Report, language: Language) -> Iterator[str]:
    sides: tuple[tuple[Text, Side], ...] = ((T("Offline"), report.offline), (T("Online"), report.online))
    for label, side in sides:
        yield words.conservation(label, side, language)
        as_of = T("data as of {moment}", moment=words.moment(side.as_of).into(language))
        yield f"   {as_of.into(language)}"


def _one_line(text: str) -> str:
    return " ".join(words.printable(text).split())


def _name_boundaries(message: EmailMessage, message_id: str) -> None:
    """Boundaries from the Message-ID instead of chance."""
    digest = sha256(message_id.encode()).hexdigest()[:24]
    multiparts = (part for part in message.walk() if part.is_multipart())
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{number}_{digest}")
