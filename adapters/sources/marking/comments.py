"""Comments on the cells of one sheet: its comments part, the shapes they are drawn in, and the lines that tie these together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath, relpath
from xml.sax.saxutils import escape  # escapes only, parses nothing

from adapters.ooxml.outline import Edit, Element, at_the_end, edited, one, outline
from adapters.ooxml.package import Package
from adapters.sources.marking.shapes import new_drawing, with_shapes
from schemas.mark import Mark
from schemas.spreadsheet import letters

AUTHOR = "lxy-bridge"

_TYPES = "[Content_Types].xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_BEHIND_DRAWING = frozenset(
    [
        "legacyDrawingHF",
        "drawingHF",
        "picture",
        "oleObjects",
        "controls",
        "AlternateContent",
        "webPublishItems",
        "tableParts",
        "extLst",
    ]
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def commented(package: Package, changed: Mapping[str, bytes], sheet: str, marks: Sequence[Mark]) -> dict[str, bytes]:
    """The parts that change or are new, by name; `changed` are those that did before. Raises ValueError, SchemaDrift."""
    work = _Work(package, dict(changed), sheet)
    work.comment(marks)
    work.draw(marks)
    return work.parts


@dataclass(slots=True)
class _Work:
    package: Package
    parts: dict[str, bytes]
    sheet: str
    strict: bool = field(init=False)

    def __post_init__(self) -> None:
        self.strict = _STRICT.rpartition("/")[0].encode() in self._get(self.sheet)[:2000]

    def comment(self, marks: Sequence[Mark]) -> None:
        part = next((self._target(link) for link in self._links() if link["Type"].endswith("/comments")), None)
        if part is None:
            part = self._free("xl/comments{}.xml")
            self.parts[part] = _NO_COMMENTS
            self._link(part, "comments")
            self._type("Override", "PartName", f"/{part}", _COMMENTS_TYPE)
        self.parts[part] = with_comments(self._get(part), marks)

    def draw(self, marks: Sequence[Mark]) -> None:
        """In the sheet's own drawing of comments, where it has one."""
        xml = self._get(self.sheet)
        found = outline(xml, depth=2)
        drawing = next((element for element in found if element.path[1:] == ("legacyDrawing",)), None)
        if drawing is not None:
            own = {name.rpartition(":")[2]: value for name, value in drawing.attributes.items()}
            part = {link["Id"]: self._target(link) for link in self._links()}[own["id"]]
            self.parts[part] = with_shapes(self._get(part), marks)
            return
        part = self._free("xl/drawings/vmlDrawing{}.vml")
        self.parts[part] = with_shapes(new_drawing(int(re.sub(r"\D", "", part))), marks)
        self._type("Default", "Extension", "vml", _DRAWING_TYPE)
        self.parts[self.sheet] = _with_drawing(xml, found, self._link(part, "vmlDrawing"), self._namespace())

    def _namespace(self) -> str:
        return _STRICT if self.strict else _OFFICE

    def _get(self, part: str) -> bytes:
        return self.parts.get(part) or self.package.xml(part)

    def _rels(self) -> str:
        return join(dirname(self.sheet), "_rels", basename(self.sheet) + ".rels")

    def _links(self) -> list[Mapping[str, str]]:
        part = self._rels()
        if part not in self.parts and self.package.get(part) is None:
            return []
        return [element.attributes for element in outline(self._get(part), depth=2) if len(element.path) > 1]

    def _target(self, link: Mapping[str, str]) -> str:
        return normpath(join("/", dirname(self.sheet), link["Target"])).lstrip("/")

    def _link(self, part: str, kind: str) -> str:
        """A new relation of the sheet; its id."""
        ids = {link["Id"] for link in self._links()}
        own = next(name for number in range(1, len(ids) + 2) if (name := f"rIdLxy{number}") not in ids)
        xml = self._get(self._rels()) if self._links() else _NO_RELATIONS
        root = outline(xml, depth=1)[0]
        line = (
            f'<{root.prefix}Relationship Id="{own}" Type="{self._namespace()}/{kind}"'
            f' Target="{relpath(part, dirname(self.sheet))}"/>'
        )
        self.parts[self._rels()] = edited(xml, [at_the_end(xml, root.span, line.encode())])
        return own

    def _type(self, element: str, key: str, value: str, content_type: str) -> None:
        xml = self._get(_TYPES)
        found = outline(xml, depth=2)
        if any(one.attributes.get(key, "").lower() == value.lower() for one in found):
            return
        root = found[0]
        line = f'<{root.prefix}{element} {key}="{value}" ContentType="{content_type}"/>'.encode()
        at = found[1].span.start if element == "Default" and len(found) > 1 else None
        self.parts[_TYPES] = edited(xml, [at_the_end(xml, root.span, line) if at is None else (at, at, line)])

    def _free(self, name: str) -> str:
        taken = {entry.filename for entry, _ in self.package.parts} | self.parts.keys()
        return next(part for number in range(1, len(taken) + 2) if (part := name.format(number)) not in taken)


def with_comments(xml: bytes, marks: Sequence[Mark]) -> bytes:
    """A comments part with ours; where a cell has one already, our words stand below it."""
    found = outline(xml, depth=4)
    root = found[0].path[0]
    authors, comments = one(found, root, "authors"), one(found, root, "commentList")
    ours = sum(element.path == (root, "authors", "author") for element in found)
    texts = _texts(found)
    author = f"<{authors.prefix}author>{AUTHOR}</{authors.prefix}author>".encode()
    edits: list[Edit] = [at_the_end(xml, authors.span, author)]
    new = b""
    for mark in marks:
        reference = f"{letters(mark.column)}{mark.row}"
        prefix = comments.prefix
        if text := texts.get(reference):
            edits.append(at_the_end(xml, text.span, _run(prefix, f"\n{mark.text}")))
        else:
            inner = f"<{prefix}text>".encode() + _run(prefix, mark.text) + f"</{prefix}text></{prefix}comment>".encode()
            new += f'<{prefix}comment ref="{reference}" authorId="{ours}">'.encode() + inner
    return edited(xml, [*edits, at_the_end(xml, comments.span, new)] if new else edits)


def _texts(found: Sequence[Element]) -> dict[str, Element]:
    """Cell → the text of its comment."""
    texts: dict[str, Element] = {}
    reference = ""
    for element in found:
        match element.path[1:]:
            case ("commentList", "comment"):
                reference = element.attributes.get("ref", "")
            case ("commentList", "comment", "text"):
                texts[reference] = element
    return texts


def _run(prefix: str, text: str) -> bytes:
    plain = escape(_CONTROL.sub("", text))
    return f'<{prefix}r><{prefix}t xml:space="preserve">{plain}</{prefix}t></{prefix}r>'.encode()


def _with_drawing(xml: bytes, found: Sequence[Element], relation: str, namespace: str) -> bytes:
    """The sheet with its drawing of comments named at the place the format wants."""
    root = found[0]
    line = f'<{root.prefix}legacyDrawing xmlns:lxy="{namespace}" lxy:id="{relation}"/>'.encode()
    behind = next((element for element in found if element.path[1:] and element.path[1] in _BEHIND_DRAWING), None)
    at = behind.span.start if behind else None
    return edited(xml, [(at, at, line) if at is not None else at_the_end(xml, root.span, line)])


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NO_COMMENTS = f'{_HEAD}<comments xmlns="{_MAIN}"><authors/><commentList/></comments>'.encode()
_NO_RELATIONS = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"/>'.encode()
