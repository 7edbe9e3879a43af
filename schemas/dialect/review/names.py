"""Names in templates: known, known here, and used where they are declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.dialect import Dialect
from schemas.dialect.part import placeholders
from schemas.dialect.review.faults import Fault, below, fault, nearest
from schemas.dialect.review.places import EVERY, ONE_RECORD, RESERVED, STAMPS, Place, granted, places
from schemas.texts import T

_LIKE_A_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN = 14


def name_faults(dialect: Dialect) -> Iterator[Fault]:
    yield from _declarations(dialect)
    used: set[str] = set()
    for place in places(dialect):
        names = set(placeholders(place.template))
        used |= names
        yield from (_unknown(place, name, dialect) for name in sorted(names - place.known))
        for name in sorted(set(_LIKE_A_NAME.findall(place.template)) - names):
            yield _literal(place, name)
    for section in ("settings", "secrets"):
        for name in sorted(getattr(dialect, section).keys() - used):
            yield fault(
                below(section, name), T("{key}: no template names {{{name}}}; name it, or leave it out.", name=name)
            )
    for number, grant in enumerate(dialect.grants, start=1):
        if grant.name not in used:
            text = T("{key}: no template names {{{name}}}; name it, or leave the grant out.", name=grant.name)
            yield fault(f"grants[{number}].name", text)


def _declarations(dialect: Dialect) -> Iterator[Fault]:
    """Settings, secrets and grants share one space of names with what the bridge itself knows."""
    found = [(below(section, name), name) for section in ("settings", "secrets") for name in getattr(dialect, section)]
    found += [(f"grants[{number}].name", grant.name) for number, grant in enumerate(dialect.grants, start=1)]
    seen: set[str] = set()
    for path, name in found:
        if not _NAME.fullmatch(name):
            yield fault(path, T("{key}: may hold lower-case letters, digits and _ only, a letter first."))
        elif name in RESERVED:
            yield fault(path, T("{key}: {name} is a name of the bridge's own; take another.", name=name))
        elif name in seen:
            yield fault(path, T("{key}: {name} is declared twice; take another name.", name=name))
        seen.add(name)


def _unknown(place: Place, name: str, dialect: Dialect) -> Fault:
    said: dict[str, object] = {"name": name}
    if name in granted(dialect) and place.path.startswith("grants["):
        return fault(
            place.path, T("{key}: {{{name}}} is not granted yet: a grant may use only grants before it.", **said)
        )
    if name in STAMPS | granted(dialect):
        return fault(
            place.path,
            T(
                "{key}: {{{name}}} is new at each try and cannot stand here. "
                "Put it into headers, query or travel.envelope.",
                **said,
            ),
        )
    if name in ONE_RECORD and place.path.startswith("operations.") and "parent" in place.known:
        return fault(
            place.path,
            T(
                "{key}: {{{name}}} belongs to one record, and this call carries several. Put it into each.",
                **said,
            ),
        )
    if name not in EVERY and (near := _meant(name, place)):
        return fault(place.path, T("{key}: {{{name}}} is not known here. Is {{{near}}} meant?", near=near, **said))
    return fault(place.path, T("{key}: {{{name}}} is not known here. Known are: {known}.", known=_shown(place), **said))


def _literal(place: Place, name: str) -> Fault:
    if near := _meant(name, place):
        return fault(
            place.path,
            T("{key}: {{{name}}} would be sent as it stands. Is {{{near}}} meant?", name=name, near=near),
        )
    text = T("{key}: {{{name}}} would be sent as it stands: names are lower case with _. Correct it.", name=name)
    return fault(place.path, text)


_USUAL = {
    "batchid": "parent", "groupid": "parent", "teamid": "parent", "id": "online_id", "personid": "online_id",
    "serialno": "serial", "appkey": "app_id", "clientid": "app_id", "secret": "app_secret", "appkeysecret": "app_secret",
    "clientsecret": "app_secret", "accesstoken": "token", "timestamp": "time", "ts": "time", "pageno": "page",
    "pagenum": "page", "pageindex": "page", "pagesize": "size", "limit": "size", "data": "content", "sign": "signature",
}  # fmt: skip
"""What interface documents like to call the things we have names for."""


def _meant(name: str, place: Place) -> str:
    """The name of this place that is likeliest meant; one field of a record only for another with a dot."""
    usual = _USUAL.get(re.sub("[._-]", "", name).lower(), "")
    if usual in place.known:
        return usual
    return nearest(name, (one for one in place.known if ("." in one) == ("." in name)))


def _shown(place: Place) -> str:
    """The names of a place, those of records in short."""
    short = {re.sub(r"^(batch|person|body)\..*", r"\1.…", name) for name in place.known}
    names = sorted(short)
    return ", ".join(names[:_SHOWN] + ["…"] * (len(names) > _SHOWN))
