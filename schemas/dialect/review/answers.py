"""The table of answers: every line can match, and nothing that matters has none."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.dialect import Dialect
from schemas.dialect.answer import AnswerRule
from schemas.dialect.review.faults import Fault, fault, hint
from schemas.outcome import Reaction
from schemas.texts import T


def answer_faults(dialect: Dialect) -> Iterator[Fault]:
    shape = dialect.answer
    for number, rule in enumerate(shape.rules, start=1):
        path = f"answer.rules[{number}]"
        first = next((n for n, other in enumerate(shape.rules[: number - 1], start=1) if _covers(other, rule)), 0)
        if first:
            text = T(
                "{key}: never decides: line {first} matches all that it matches. Leave it out, or put it first.",
                first=first,
            )
            yield fault(path, text)
        if rule.message and not shape.message_at:
            yield fault(
                f"{path}.message", T("{key}: never matches: answer.message_at does not say where the message lies.")
            )
        if rule.code and not shape.code_at and not (rule.code.isdecimal() and len(rule.code) == len("200")):
            text = T("{key}: never matches: without answer.code_at the code is the HTTP status.")
            yield fault(f"{path}.code", text)
    yield from _missing(dialect)


def _covers(earlier: AnswerRule, later: AnswerRule) -> bool:
    """Whether all that a later line could match, an earlier one has matched already."""
    return all(getattr(earlier, name) in {None, getattr(later, name)} for name in ("status", "code", "message"))


def _missing(dialect: Dialect) -> Iterator[Fault]:
    told = {rule.reaction for rule in dialect.answer.rules}
    if Reaction.SUCCESS not in told:
        text = T('{key}: no line says what a success is: add one with reaction = "success".')
        yield fault("answer.rules", text)
    if Reaction.THROTTLE not in told:
        text = T(
            '{key}: no line says "too many calls": where the interface document has such a code, add reaction = "throttle".'
        )
        yield hint("answer.rules", text)
    if Reaction.AUTH not in told and (dialect.grants or dialect.signature):
        text = T(
            '{key}: no line says "token or signature not accepted": add its code with reaction = "auth", or tokens are not renewed.'
        )
        yield hint("answer.rules", text)
