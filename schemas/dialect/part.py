"""What every section of a dialect is made of: strict frozen models, templates, and places in an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.errors import Wrong
from schemas.texts import T

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


class Part(BaseModel):
    """One section. Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def placeholders(template: str) -> Iterator[str]:
    """The names in `{…}`; braces around anything else stand for themselves."""
    return (found[1] for found in _PLACEHOLDER.finditer(template))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Raises KeyError for a name without a value: `schemas.dialect.review` lets no such dialect pass."""
    if "{" not in template:
        return template
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError:
        raise Wrong(T('{key}: is no JMESPath expression; a place in an answer is written like "data.list".')) from None
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise Wrong(T("{key}: is no regular expression ({reason}).", reason=error.msg)) from None
    return text


Seconds = Annotated[float, Field(ge=0)]
Filled = Annotated[str, Field(min_length=1)]
Template = str
"""A text with `{placeholders}`, one of which may be all of it."""
Templates = Mapping[str, Template]
"""Name or dotted path → template."""
Words = Mapping[str, str]
At = Annotated[str, AfterValidator(_expression)]
"""Where something lies in an answer, as a JMESPath expression."""
MaybeAt = Annotated[str, AfterValidator(lambda text: _expression(text) if text else text)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
