"""The boxes comments are drawn in: VML, which is all that Excel takes for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from schemas.mark import Mark

_SHAPE_ID = re.compile(rb"_x0000_s([0-9]+)")
_BLOCK = 1024
"""So many shape ids one drawing has."""

_ROOT = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
    '<o:idmap v:ext="edit" data="{number}"/></o:shapelayout></xml>'
)
_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;visibility:hidden" fillcolor="#ffffe1"'
    ' o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
    '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_WIDTH, _LINE = 4, 32  # columns of the sheet a box is wide, letters in a line of it; a Chinese character is two


def new_drawing(number: int) -> bytes:
    """An empty one, the workbook's `number`th."""
    return _ROOT.format(number=number).encode()


def with_shapes(xml: bytes, marks: Sequence[Mark]) -> bytes:
    """A drawing with a box for each mark that has none. Raises ValueError for one that is not closed."""
    end = xml.rfind(b"</xml>")
    if end < 0:
        raise ValueError("no drawing")
    numbers = [int(found[1]) for found in _SHAPE_ID.finditer(xml)]
    data = re.search(rb'data="([0-9]+)', xml)
    first = max([*numbers, _BLOCK * int(data[1] if data else 1)]) + 1
    without = [mark for mark in marks if _place(mark) not in re.sub(rb"\s", b"", xml)]
    shapes = "".join(_shape(mark, first + at) for at, mark in enumerate(without))
    kind = "" if b"_x0000_t202" in xml else _TYPE
    return xml[:end] + (kind + shapes).encode() + xml[end:]


def _place(mark: Mark) -> bytes:
    return f"<x:Row>{mark.row - 1}</x:Row><x:Column>{mark.column}</x:Column>".encode()


def _shape(mark: Mark, number: int) -> str:
    top = max(mark.row - 2, 0)
    lines = sum(_letters(line) // _LINE + 1 for line in mark.text.splitlines())
    left = mark.column + 1
    return _SHAPE.format(
        id=number,
        left=left,
        right=left + _WIDTH,
        top=top,
        bottom=top + lines + 1,
        row=mark.row - 1,
        column=mark.column,
    )


def _letters(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
