"""The kinds of values options have, each with its own check."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo

from schemas.addresses import wrong_address
from schemas.errors import Wrong
from schemas.packs import shipped_names
from schemas.texts import T


def _place(value: object, info: ValidationInfo) -> Path:
    """Relative paths are meant from the folder of the settings file."""
    if not isinstance(value, str | Path):
        raise Wrong(T("{key}: write it as text in quotation marks."))
    folder: Path = (info.context or {})["folder"]
    return absolute(folder, value)


def absolute(folder: Path, value: str | Path) -> Path:
    return Path(os.path.abspath(folder / Path(value).expanduser()))  # noqa: PTH100  # links stay as written


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise Wrong(T("{key}: there is no file {file}.", file=path))
    return path


def _pack(folder: str) -> PlainValidator:
    """A shipped pack by its name, or the path of one of our own."""

    def find(value: object, info: ValidationInfo) -> Path | str:
        if not isinstance(value, str):
            raise Wrong(T("{key}: write it as text in quotation marks."))
        if re.search(r"[/\\]|\.toml$", value):
            return _existing(_place(value, info))
        shipped = shipped_names(folder)
        if value not in shipped:
            raise Wrong(T("{key}: must be a path ending in .toml, or one of: {expected}.", expected=", ".join(shipped)))
        return value

    return PlainValidator(find)


def _base_url(value: str) -> str:
    if wrong := wrong_address(value):
        raise Wrong(wrong)
    return value.rstrip("/")


def _database_url(value: object, info: ValidationInfo) -> str:
    """Without a password. A relative path of an SQLite file is meant from the folder of the settings file."""
    if not isinstance(value, str):
        raise Wrong(T("{key}: write it as text in quotation marks."))
    kind, separator, rest = value.partition("://")
    if not separator or kind not in _DATABASES:
        raise Wrong(
            T("{key}: must begin with one of {expected}.", expected=", ".join(f"{one}://" for one in _DATABASES))
        )
    if kind == "sqlite":
        folder: Path = (info.context or {})["folder"]
        return f"sqlite:///{absolute(folder, rest.removeprefix('/'))}"
    account = rest.partition("/")[0].rpartition("@")[0]
    if ":" in account or "password=" in rest:
        raise Wrong(T("{key}: the password does not stand here; write password_file or password_env."))
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^/?#:]*)(:[0-9]+)?(/[^?#]*)?(\?.*)?", rest.rpartition("@")[2]):
        raise Wrong(T("{key}: is not the address of a database."))
    return value


def _place_of_secret(option: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*_(file|env)", option):
        raise Wrong(
            T("{key}: write where the secret lies: {name}_file = its file, or {name}_env = its variable.", name=option)
        )
    return option


def _cron(value: str) -> str:
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415  # heavy: only where there is a schedule

    weekday = "".join(value.split()[4:])
    if re.search(r"\d", weekday):
        raise Wrong(
            T("{key}: name the days of the week (mon-fri): their numbers mean different days to different programs.")
        )
    try:
        CronTrigger.from_crontab(value)
    except ValueError:
        raise Wrong(
            T('{key}: must be five fields: minute hour day month weekday, such as "30 6 * * *" (daily at 06:30).')
        ) from None
    return value


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", value):
        raise Wrong(T("{key}: must be a plain mail address such as office@example.cn."))
    return value


_DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")

Place = Annotated[Path, PlainValidator(_place)]
ExistingFile = Annotated[Place, AfterValidator(_existing)]
Words = Annotated[str, Field(min_length=1)]
Cron = Annotated[str, AfterValidator(_cron)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Seconds = Annotated[float, Field(ge=0)]
PolicyPack = Annotated[Path | str, _pack("policies")]
DialectPack = Annotated[Path | str, _pack("dialects")]
SecretPlaces = Mapping[Annotated[str, AfterValidator(_place_of_secret)], Words]
"""NAME_file → its file, or NAME_env → its environment variable."""
DatabaseUrl = Annotated[str, PlainValidator(_database_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
