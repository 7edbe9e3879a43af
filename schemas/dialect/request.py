"""What a portal can be asked: requests, how their content travels, listings, pages, tickets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.dialect.part import At, Filled, MaybeAt, Part, Seconds, Templates, Words, placeholders
from schemas.errors import Wrong
from schemas.portal import Operation
from schemas.texts import T


class Form(StrEnum):
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    XML = "xml"


class Request(Part):
    """One call. `path`, `query`, `headers` and `body` are templates; those of `body` stand beside the records.

    `values` are this call's own for what all calls have in common (`{name}` in the headers and the query of `[transport]`,
    the envelope, the signature), such as the name of its interface.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Filled
    values: Templates = Field(default_factory=dict)
    query: Templates = Field(default_factory=dict)
    headers: Templates = Field(default_factory=dict)
    body: Templates = Field(default_factory=dict)
    form: Form | None = None

    def names_in_templates(self) -> frozenset[str]:
        """Everything its templates name."""
        templates = (
            self.path,
            *self.values.values(),
            *self.query.values(),
            *self.headers.values(),
            *self.body.values(),
        )
        return frozenset(name for template in templates for name in placeholders(template))


class Travel(Part):
    """How the content of a call travels: in which form, and in which envelope.

    Without an envelope the content is the body. With one, `envelope` (dotted path → template) is: the content stands in
    it as a text (`{content}`), as an object, or merged with its fields.
    """

    form: Form = Form.JSON
    xml_root: Filled = "request"
    envelope: Templates = Field(default_factory=dict)
    content: Literal["text", "object", "merged"] = "text"
    content_at: str = ""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.content == "object" and not self.content_at:
            raise Wrong(T('{key}: content = "object" needs content_at.'))
        if self.content != "object" and self.content_at:
            raise Wrong(T('{key}: content_at goes with content = "object".'))
        if self.content != "text" and not self.envelope:
            raise Wrong(T("{key}: content says how it stands in an envelope, and there is none."))
        return self


class Write(Request):
    """A call that changes something.

    Where the records go: the one record's fields to `record_at` (a dotted path, "" the top), or a list of them to
    `rows_at` ("$": the list is the whole content). `each` are templates (dotted path → template) that stand in every
    record beside its own fields, such as `{parent}` or its own `{online_id}`. What the answer says of each record: rows
    at `accepted_at`, `refused_at` or, by the answer rules, `verdicts_at`; names at `skipped_at`; or, where it says
    nothing of single ones, `whole = true`: a success is a success of all. Rows name their record by `echo`. Of a record
    that a success leaves out nothing is known, or (`left_out`) that the portal skipped it as one it has.
    """

    record_at: str = ""
    rows_at: str = ""
    each: Templates = Field(default_factory=dict)
    accepted_at: MaybeAt = ""
    refused_at: MaybeAt = ""
    verdicts_at: MaybeAt = ""
    skipped_at: MaybeAt = ""
    left_out: Literal["unknown", "exists"] = "unknown"
    whole: bool = False
    echo: Literal["serial", "id_no", "position"] = "serial"
    online_id_at: MaybeAt = ""
    ticket_at: MaybeAt = ""

    @model_validator(mode="after")
    def _speaks_of_each(self) -> Self:
        told = bool(self.accepted_at or self.verdicts_at)
        if self.rows_at and told == self.whole:
            raise Wrong(T("{key}: a list of records needs accepted_at or verdicts_at, or else whole = true."))
        if self.left_out == "exists" and not told:
            raise Wrong(T("{key}: left_out speaks of answers that name records at accepted_at or verdicts_at."))
        return self

    def names_in_templates(self) -> frozenset[str]:
        beside = (name for template in self.each.values() for name in placeholders(template))
        return super().names_in_templates().union(beside)


class Listing(Request):
    """A call that lists. `rows_at`, `total_at` and `next_at` replace those of `[paging]`."""

    rows_at: MaybeAt = ""
    total_at: MaybeAt = ""
    next_at: MaybeAt = ""

    def paged(self, paging: Paging) -> Listing:
        """The listing with the parameters of its pages."""
        return self.model_copy(update={"query": {**self.query, **paging.query}, "body": {**self.body, **paging.body}})


class TicketPoll(Request):
    """A call that asks what became of a `{ticket}`, until `status_at` says one of `done` or `failed`.

    It is asked every `interval_s` for at most `wait_s`; after that the outcome is unknown.
    """

    status_at: At
    done: tuple[Filled, ...] = Field(min_length=1)
    failed: tuple[Filled, ...] = ()
    message_at: MaybeAt = ""
    interval_s: Annotated[float, Field(gt=0)] = 2
    wait_s: Seconds = 60


class Dictionaries(Request):
    """A call that lists the words of one `{dictionary}`; `names` are the portal's names for ours."""

    names: Words
    rows_at: At
    code_field: Filled
    word_field: Filled


class Operations(Part):
    """Each is optional; what a portal does not offer, the bridge leaves to people."""

    save_batch: Write | None = None
    update_batch: Write | None = None
    save_people: Write | None = None
    update_person: Write | None = None
    submit: Write | None = None
    list_batches: Listing | None = None
    list_people: Listing | None = None
    query_batch: Listing | None = None
    query_person: Listing | None = None
    ticket: TicketPoll | None = None
    dictionaries: Dictionaries | None = None

    def write(self, operation: Operation) -> Write | None:
        shape: Write | None = getattr(self, operation.value)
        return shape


class Paging(Part):
    """How a listing goes on. `query` and `body` are templates over `{page}`, `{offset}`, `{cursor}` and `{size}`.

    `next_at` is the cursor of the next page, none or empty on the last one. Link: RFC 8288, rel="next".
    """

    by: Literal["page", "offset", "cursor", "link", "none"] = "page"
    first_page: Literal[0, 1] = 1
    query: Templates = Field(default_factory=dict)
    body: Templates = Field(default_factory=dict)
    rows_at: At
    total_at: MaybeAt = ""
    next_at: MaybeAt = ""

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.by == "cursor" and not self.next_at:
            raise Wrong(T('{key}: by = "cursor" needs next_at, the place of the next cursor.'))
        if self.by != "cursor" and self.next_at:
            raise Wrong(T('{key}: next_at goes with by = "cursor".'))
        return self
