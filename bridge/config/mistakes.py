"""Mistakes in the settings as sentences: where in the file, what is wrong, what to write. Never a value."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.texts import T, Text


class Wrong(ValueError):
    """Raised by a check of one option: `text` leaves `{key}` to be filled and carries no value of the option."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.msgid)
        self.text = text


def options(model: type[BaseModel]) -> Iterator[str]:
    """The path of every option and section below a model, such as "portal.retries.attempts"."""
    for name, field in model.model_fields.items():
        yield name
        section = _section(field.annotation)
        if section:
            yield from (f"{name}.{option}" for option in options(section))


def explain(error: ValidationError, model: type[BaseModel]) -> list[Text]:
    """One sentence for each mistake, in the order of the file's sections."""
    known = list(options(model))
    details = error.errors(include_url=False, include_input=False)
    return [_sentence(detail, known) for detail in details]


def _section(annotation: object) -> type[BaseModel] | None:
    """The model in `Model`, `Model | None` or `tuple[Model, ...]`."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _sentence(detail: ErrorDetails, known: list[str]) -> Text:
    key = _path(detail)
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        return _unknown(key, detail, known)
    if detail["type"] == "missing":
        return T("{key}: is missing.", key=key)
    fault = context.get("error")
    if isinstance(fault, Wrong):
        return Text(fault.text.msgid, {**fault.text.values, "key": key})
    return _wrong_kind(key, detail["type"], context)


def _wrong_kind(key: str, kind: str, context: dict[str, object]) -> Text:
    match kind:
        case "enum" | "literal_error":
            expected = str(context["expected"]).replace(" or ", ", ").replace("'", '"')
            return T("{key}: must be one of {expected}.", key=key, expected=expected)
        case "string_type":
            return T("{key}: write it as text in quotation marks.", key=key)
        case "int_type" | "int_from_float":
            return T("{key}: must be a whole number, without quotation marks.", key=key)
        case "float_type":
            return T("{key}: must be a number, without quotation marks.", key=key)
        case "bool_type":
            return T("{key}: must be true or false, without quotation marks.", key=key)
        case "tuple_type":
            return T("{key}: must be a list in square brackets.", key=key)
        case "greater_than_equal":
            return T("{key}: must be {limit} or more.", key=key, limit=context["ge"])
        case "less_than_equal":
            return T("{key}: must be {limit} or less.", key=key, limit=context["le"])
        case "too_short" | "string_too_short":
            return T("{key}: must not be empty.", key=key)
        case "model_type":
            return T("{key}: is a section, to be written as [{key}] with its options below.", key=key)
    return T("{key}: is not valid; see config.example.toml.", key=key)


def _unknown(key: str, detail: ErrorDetails, known: list[str]) -> Text:
    plain = ".".join(part for part in detail["loc"] if isinstance(part, str))
    section, _, name = plain.rpartition(".")
    siblings = {path.rpartition(".")[2]: path for path in known if path.rpartition(".")[0] == section}
    near = [siblings[hit] for hit in difflib.get_close_matches(name, siblings, n=1)]
    elsewhere = [path for path in known if path.rpartition(".")[2] == name]
    if near or elsewhere:
        return T("{key}: there is no such option. Is {near} meant?", key=key, near=(near or elsewhere)[0])
    return T("{key}: there is no such option. config.example.toml lists them all.", key=key)


def _path(detail: ErrorDetails) -> str:
    """As people count: source[1] is the first [[source]]. A union's branch is no part of the path."""
    path = ""
    for part in detail["loc"]:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        elif part.isidentifier():
            path += f".{part}" if path else part
    return path
