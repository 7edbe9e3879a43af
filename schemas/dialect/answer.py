"""What an answer means: where code and message lie, and the table that reads them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.dialect.part import MaybeAt, Part, Pattern
from schemas.errors import Wrong
from schemas.outcome import Reaction
from schemas.texts import T


class AnswerRule(Part):
    """One line of the table. What names no condition would match everything, so a line must have one."""

    reaction: Reaction
    status: int | None = None
    code: Annotated[str, Field(min_length=1)] | None = None
    message: Pattern | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.status, self.code, self.message) == (None, None, None):
            raise Wrong(T("{key}: needs a status, a code or a message; without one it would match everything."))
        if self.reaction is Reaction.SUCCESS and self.code is None:
            raise Wrong(T("{key}: only a code makes a success (without code_at the HTTP status is the code)."))
        return self


class AnswerShape(Part):
    """Codes are compared as texts, so that 0 and "0" are one. Without `code_at` the HTTP status is the code.

    `encoding` is what the portal writes whatever its headers say; else UTF-8, and GB18030 where that cannot be.
    """

    form: Literal["json", "xml"] = "json"
    encoding: Literal["", "utf-8", "gb18030"] = ""
    code_at: MaybeAt = ""
    message_at: MaybeAt = ""
    rules: tuple[AnswerRule, ...] = Field(min_length=1)
