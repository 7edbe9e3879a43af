"""Portals that answer a write with a ticket: it is asked for until it tells what became of the records."""

from __future__ import annotations

from dataclasses import replace

from adapters.wire.calls import Reply
from adapters.wire.line import Line, Written
from adapters.wire.paths import at, text
from adapters.wire.requests import Call
from schemas.dialect.request import TicketPoll, Write
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.outcome import Outcome, Reaction, Seen, Transport, reaction


def settled(line: Line, shape: Write, written: Written) -> tuple[Reply, Outcome]:
    """What a write came to: at once, or by its ticket. A ticket that tells nothing in time leaves it unknown."""
    poll = line.dialect.operations.ticket
    if written.outcome is not Outcome.ACCEPTED or not shape.ticket_at or poll is None:
        return written.reply, written.outcome
    ticket = text(at(written.reply.document, shape.ticket_at))
    if not ticket:
        return replace(written.reply, cause="ticket:missing"), Outcome.UNKNOWN
    return _polled(line, poll, ticket, written.reply)


def _polled(line: Line, poll: TicketPoll, ticket: str, first: Reply) -> tuple[Reply, Outcome]:
    ends = line.ticks.monotonic() + poll.wait_s
    values = {"ticket": ticket}
    while True:
        try:
            reply = line.read(Call(poll, values, line.maker.content(poll, values)))
        except (TransientError, AuthError, SchemaDrift):
            return replace(first, cause="ticket:unread"), Outcome.UNKNOWN
        status = text(at(reply.document, poll.status_at))
        if status in poll.done:
            return reply, Outcome.ACCEPTED
        if status in poll.failed:
            return _failed(line, reply, status, poll)
        if line.ticks.monotonic() >= ends:
            return replace(reply, cause="ticket:waited"), Outcome.UNKNOWN
        line.ticks.sleep(poll.interval_s)


def _failed(line: Line, reply: Reply, status: str, poll: TicketPoll) -> tuple[Reply, Outcome]:
    """Refused, unless the answer rules know the ticket's status and words as those of something that is there already."""
    words = text(at(reply.document, poll.message_at)) if poll.message_at else reply.seen.message
    seen = Seen(Transport.ANSWERED, reply.seen.status, status, words)
    there = reaction(seen, line.dialect.answer_rules) is Reaction.EXISTS
    return replace(reply, seen=seen, cause=f"ticket:{status}"), Outcome.EXISTS if there else Outcome.REFUSED
