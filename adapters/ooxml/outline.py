"""The upper levels of an XML part with the bytes they take: to put something between two elements and touch no other byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat  # a part with a DTD is refused before it is parsed

from adapters.ooxml.spans import Span, end_of_tag


@dataclass(frozen=True, slots=True)
class Element:
    """`path` are the local names from the root down to it; `prefix` is that of its tag, with the colon."""

    path: tuple[str, ...]
    prefix: str
    attributes: Mapping[str, str]
    span: Span


Edit = tuple[int, int, bytes]
"""The bytes from the first to the second, and what stands there instead; equal ones insert."""


def outline(xml: bytes, *, depth: int) -> list[Element]:
    """The elements down to that depth, in their order. Raises ValueError for broken XML, a DTD, or no UTF-8."""
    if b"<!DOCTYPE" in xml:
        raise ValueError("a DTD")
    found: list[Element] = []
    open_now: list[tuple[str, Element | None]] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        prefix, _, name = tag.rpartition(":")
        path = (*(one for one, _ in open_now), name)
        element = None
        if len(path) <= depth:
            at = parser.CurrentByteIndex
            element = Element(path, prefix + ":" if prefix else "", attributes, Span(at, end_of_tag(xml, at)))
            found.append(element)
        open_now.append((name, element))

    def end(_: str) -> None:
        _, element = open_now.pop()
        if element:
            span = element.span
            closed = xml.endswith(b"/>", span.start, span.inside)
            span.end = span.inside if closed else end_of_tag(xml, parser.CurrentByteIndex)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return found


def one(found: Iterable[Element], *path: str) -> Element:
    """Raises ValueError where there is none."""
    element = next((element for element in found if element.path == path), None)
    if element is None:
        raise ValueError(f"no {path[-1]}")
    return element


def at_the_end(xml: bytes, span: Span, inner: bytes) -> Edit:
    """`inner` as the last that stands in an element, which may be an empty one."""
    tag = xml[span.start : span.inside]
    if not tag.endswith(b"/>"):
        at = xml.rindex(b"</", span.inside, span.end)
        return at, at, inner
    name = re.match(rb"<([^\s/>]+)", tag)
    if name is None:
        raise ValueError("no tag")
    return span.start, span.end, tag[:-2].rstrip() + b">" + inner + b"</" + name[1] + b">"


def with_attribute(tag: bytes, name: str, value: str) -> bytes:
    """A start tag with this attribute set or added."""
    pattern = re.compile(rb"""(\s%b=)(["'])[^"']*\2""" % name.encode())
    changed, count = pattern.subn(rb"\g<1>\g<2>%b\g<2>" % value.encode(), tag, count=1)
    if count:
        return changed
    closing = b"/>" if tag.endswith(b"/>") else b">"
    return tag.removesuffix(closing).rstrip() + f' {name}="{value}"'.encode() + closing


def edited(xml: bytes, edits: Sequence[Edit]) -> bytes:
    """All of them done at once; those at one place in their order."""
    out, at = [], 0
    for start, end, instead in sorted(edits, key=lambda edit: edit[:2]):
        out += [xml[at:start], instead]
        at = end
    return b"".join([*out, xml[at:]])
