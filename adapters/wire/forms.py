"""A document as the bytes of a body, and the bytes of an answer as a document."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from xml.etree import ElementTree as ET  # what declares entities is turned away before it is parsed

import orjson

from schemas.dialect.answer import AnswerShape
from schemas.dialect.request import Form

_BOUNDARY = "lxy-bridge-7d1f0c6a94e35b82"

CONTENT_TYPES = {
    Form.JSON: "application/json",
    Form.FORM: "application/x-www-form-urlencoded",
    Form.MULTIPART: f"multipart/form-data; boundary={_BOUNDARY}",
    Form.XML: "application/xml; charset=utf-8",
}


def encoded(document: object, form: Form, xml_root: str) -> bytes:
    """`document` is an object for every form but JSON; what is nested in a form's field goes as JSON."""
    match form:
        case Form.JSON:
            return orjson.dumps(document)
        case Form.FORM:
            return urlencode(flat(document)).encode()
        case Form.MULTIPART:
            return _multipart(flat(document))
        case Form.XML:
            root = ET.Element(xml_root)
            _fill(root, document)
            return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def flat(document: object) -> dict[str, str]:
    """The top fields of an object as texts, in their order."""
    fields = document if isinstance(document, dict) else {}
    return {name: as_text(value) for name, value in fields.items()}


def as_text(value: object) -> str:
    """A value as the text it is signed and sent as: what is no text is compact JSON."""
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def _multipart(fields: Mapping[str, str]) -> bytes:
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()


def _fill(element: ET.Element, value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            for one in inner if isinstance(inner, list) else [inner]:
                _fill(ET.SubElement(element, name), one)
    else:
        element.text = as_text(value)


def decoded(body: bytes, shape: AnswerShape) -> object:
    """None for what is not a document of this form."""
    text = _text(body, shape.encoding)
    if text is None:
        return None
    return _xml(text) if shape.form == "xml" else _json(text)


def _text(body: bytes, encoding: str) -> bytes | None:
    """As UTF-8: portals of an older make write GB18030 whatever they declare."""
    if encoding in {"", "utf-8"}:
        try:
            body.decode()
        except UnicodeDecodeError:
            if encoding:
                return None
        else:
            return body
    try:
        return body.decode("gb18030").encode()
    except UnicodeError:
        return None


def _json(text: bytes) -> object:
    try:
        document: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return document


def _xml(text: bytes) -> object:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        return None
    try:
        root = ET.fromstring(text.partition(b"?>")[2] if text.startswith(b"<?xml") else text)  # noqa: S314  # see above
    except ET.ParseError:
        return None
    return {_name(root): _object(root)}


def _object(element: ET.Element) -> object:
    """Children by name, several of one name as a list; an element without any is its text."""
    if not len(element):
        return (element.text or "").strip()
    found: dict[str, object] = {}
    for child in element:
        name, value = _name(child), _object(child)
        if name not in found:
            found[name] = value
        else:
            known = found[name]
            found[name] = [*known, value] if isinstance(known, list) else [known, value]
    return found


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
