"""Mistakes in settings, dialects and policy packs as sentences: where, what is wrong, what to write. Never a value."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import Wrong
from schemas.texts import T, Text

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def options(model: type[BaseModel]) -> Iterator[str]:
    """The path of every option and section below a model, such as "portal.retries.attempts"."""
    for name, field in model.model_fields.items():
        yield name
        for section in _models(field.annotation):
            yield from (f"{name}.{option}" for option in options(section))


def explain(error: ValidationError, model: type[BaseModel], *, reference: str) -> list[Text]:
    """One sentence for each mistake, in the order of the file's sections. `reference` lists every option."""
    details = error.errors(include_url=False, include_input=False)
    said = {_path(detail, model): _sentence(detail, model, reference) for detail in reversed(details)}
    return list(reversed(said.values()))  # the branches of a union say one thing each: the first is enough


def toml_path(keys: Iterable[str | int]) -> str:
    """As people count and as TOML writes it: source[1] is the first [[source]], an odd key stands in quotes."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key + 1}]"
        else:
            path += "." * bool(path) + (key if _BARE.fullmatch(key) else f'"{key}"')
    return path


def _path(detail: ErrorDetails, model: type[BaseModel]) -> str:
    return toml_path(_keys(detail, model))


def _keys(detail: ErrorDetails, model: type[BaseModel]) -> Iterator[str | int]:
    """The steps of a mistake's place, without what pydantic adds: the branch of a union, the mark of a key."""
    here: list[object] = [model]
    for step in detail["loc"]:
        inside = [found for kind in here for found in _inside(kind, step)]
        if inside or isinstance(step, int):
            yield step
            here = inside or here
    if detail["type"] == "extra_forbidden":
        yield detail["loc"][-1]


def _inside(kind: object, step: str | int) -> Iterator[object]:
    """What may stand at one step below a kind of value."""
    for plain in _plain(kind):
        origin, parts = get_origin(plain), get_args(plain)
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            if step in plain.model_fields:
                yield plain.model_fields[str(step)].annotation
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            if step != "[key]" and isinstance(step, str):
                yield parts[1]
        elif isinstance(step, int) and parts:
            yield parts[0]


def _plain(kind: object) -> Iterator[object]:
    """A kind of value without its wrapping; each branch of a union."""
    if get_origin(kind) is Annotated:
        yield from _plain(get_args(kind)[0])
    elif get_origin(kind) in {Union, types.UnionType}:
        for branch in get_args(kind):
            yield from _plain(branch)
    else:
        yield kind


def _models(kind: object) -> Iterator[type[BaseModel]]:
    """The models in `Model`, `Model | None`, `tuple[Model, ...]` or a union of them."""
    for plain in _plain(kind):
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            yield plain
        elif get_origin(plain) is tuple:
            yield from _models(get_args(plain)[0])


def _sentence(detail: ErrorDetails, model: type[BaseModel], reference: str) -> Text:
    key = _path(detail, model)
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        return _unknown(key, list(_keys(detail, model)), list(options(model)), reference)
    if detail["type"] == "missing":
        return T("{key}: is missing.", key=key)
    fault = context.get("error")
    if isinstance(fault, Wrong):
        return fault.text.filled(key=key)
    return _wrong_kind(key, detail["type"], context) or T(
        "{key}: is not valid; see {reference}.", key=key, reference=reference
    )


def _wrong_kind(key: str, kind: str, context: dict[str, object]) -> Text | None:
    match kind:
        case "enum" | "literal_error" | "union_tag_invalid":
            expected = str(context.get("expected") or context["expected_tags"]).replace(" or ", ", ").replace("'", '"')
            return T("{key}: must be one of {expected}.", key=key, expected=expected)
        case "string_type":
            return T("{key}: write it as text in quotation marks.", key=key)
        case "int_type" | "int_from_float" | "int_parsing":
            return T("{key}: must be a whole number, without quotation marks.", key=key)
        case "float_type" | "float_parsing":
            return T("{key}: must be a number, without quotation marks.", key=key)
        case "bool_type" | "bool_parsing":
            return T("{key}: must be true or false, without quotation marks.", key=key)
        case "tuple_type" | "frozen_set_type":
            return T("{key}: must be a list in square brackets.", key=key)
        case "model_type" | "dict_type" | "mapping_type":
            return T("{key}: is a section, to be written as [{key}] with its options below.", key=key)
        case "string_pattern_mismatch":
            return T("{key}: may hold lower-case letters, digits and _ only, a letter first.", key=key)
        case _:
            return _out_of_bounds(key, kind, context)


def _out_of_bounds(key: str, kind: str, context: dict[str, object]) -> Text | None:
    match kind:
        case "greater_than_equal":
            return T("{key}: must be {limit} or more.", key=key, limit=context["ge"])
        case "greater_than":
            return T("{key}: must be more than {limit}.", key=key, limit=context["gt"])
        case "less_than_equal":
            return T("{key}: must be {limit} or less.", key=key, limit=context["le"])
        case "too_short" | "string_too_short":
            return T("{key}: must not be empty.", key=key)
        case "string_too_long":
            return T("{key}: must be one character.", key=key)
        case _:
            return None


def _unknown(key: str, keys: list[str | int], known: list[str], reference: str) -> Text:
    *section, name = (part for part in keys if isinstance(part, str))
    above = ".".join(section)
    siblings = {path.rpartition(".")[2]: path for path in known if path.rpartition(".")[0] == above}
    alike = difflib.get_close_matches(name, siblings, n=1) or [one for one in siblings if name in one.split("_")]
    near = [siblings[hit] for hit in alike]
    elsewhere = [path for path in known if path.rpartition(".")[2] == name]
    if near or elsewhere:
        return T("{key}: there is no such option. Is {near} meant?", key=key, near=(near or elsewhere)[0])
    return T("{key}: there is no such option. {reference} lists them all.", key=key, reference=reference)
