"""The styles of a workbook, and beside each that is needed the same one on a coloured ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.ooxml.outline import Edit, Element, at_the_end, edited, one, outline, with_attribute

Styles = Mapping[tuple[str, bool], str]
"""(style, refused) → the same style on the ground of what is refused, or of what somebody should look at."""

GROUNDS = {True: "FFC7CE", False: "FFEB9C"}
_LEVELS = 3


def with_fills(xml: bytes, wanted: Sequence[tuple[str, bool]]) -> tuple[bytes, Styles]:
    """styles.xml grown by two fills and by the styles `wanted`. Raises ValueError where it is not as we know it."""
    found = outline(xml, depth=_LEVELS)
    root = found[0].path[0]
    fills, formats = one(found, root, "fills"), one(found, root, "cellXfs")
    first_fill = _count(found, root, "fills", "fill")
    own = [element for element in found if element.path == (root, "cellXfs", "xf")]
    grounds = list(GROUNDS)
    made = [
        _on_ground(xml, own[int(style or 0)], first_fill + grounds.index(refused))
        if int(style or 0) < len(own)
        else b""
        for style, refused in wanted
    ]
    if not all(made):
        raise ValueError("a style that is not there")
    edits = [
        *_grown(xml, fills, first_fill, [_fill(fills.prefix, GROUNDS[ground]) for ground in grounds]),
        *_grown(xml, formats, len(own), made),
    ]
    return edited(xml, edits), {key: str(len(own) + at) for at, key in enumerate(wanted)}


def _count(found: Sequence[Element], *path: str) -> int:
    return sum(element.path == path for element in found)


def _grown(xml: bytes, element: Element, count: int, more: Sequence[bytes]) -> list[Edit]:
    span = element.span
    if xml.endswith(b"/>", span.start, span.inside):
        raise ValueError("no styles")
    tag = with_attribute(xml[span.start : span.inside], "count", str(count + len(more)))
    return [(span.start, span.inside, tag), at_the_end(xml, span, b"".join(more))]


def _fill(prefix: str, colour: str) -> bytes:
    pattern = (
        f'<{prefix}patternFill patternType="solid"><{prefix}fgColor rgb="FF{colour}"/>'
        f'<{prefix}bgColor indexed="64"/></{prefix}patternFill>'
    )
    return f"<{prefix}fill>{pattern}</{prefix}fill>".encode()


def _on_ground(xml: bytes, style: Element, fill: int) -> bytes:
    span = style.span
    tag = with_attribute(xml[span.start : span.inside], "fillId", str(fill))
    return with_attribute(tag, "applyFill", "1") + xml[span.inside : span.end]
