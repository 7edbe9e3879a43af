"""Secrets: never in the settings themselves, only in a file of their own or in the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationInfo

from bridge.config.kinds import absolute
from schemas.errors import ConfigError, Wrong
from schemas.texts import T


def one_place(from_env: str | None, info: ValidationInfo, *, file_field: str, needed: bool) -> str | None:
    """A secret comes from one place. (A file field that is wrong in itself is reported on its own.)"""
    if file_field not in info.data:
        return from_env
    from_file = info.data[file_field] is not None
    if from_file and from_env:
        raise Wrong(T("{key}: use {file_field} or this one, not both.", file_field=file_field))
    if needed and not from_file and not from_env:
        raise Wrong(T("{key}: is missing, and so is {file_field}: one of the two is needed.", file_field=file_field))
    return from_env


def places_of(value: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
    """NAME_file → its absolute path, NAME_env → its variable; each secret has one place."""
    names = [option.rpartition("_")[0] for option in value]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Wrong(T("{key}: {name}_file or {name}_env, not both.", name=twice[0]))
    folder: Path = (info.context or {})["folder"]
    return {
        option: str(absolute(folder, where)) if option.endswith("_file") else where for option, where in value.items()
    }


def read_secret(file: Path | None, env: str | None, *, environ: Mapping[str, str] = os.environ) -> str:
    """One secret, from its file (readable by its owner only) or else its environment variable. Raises ConfigError."""
    if file is None:
        secret = environ.get(env or "", "")
        if not secret:
            raise ConfigError(T("The environment variable {name} is empty or not set.", name=env))
        return secret
    content, mode = _read(file)
    by_systemd = str(file.parent) == environ.get("CREDENTIALS_DIRECTORY")  # its ACL shows as rights of the group
    if os.name == "posix" and mode & 0o077 and not by_systemd:
        raise ConfigError(
            T(
                "The secret file {path} is open to other users ({mode}). Run: chmod 600 {path}",
                path=file,
                mode=f"{mode:o}",
            )
        )
    if not content:
        raise ConfigError(T("The secret file {path} is empty.", path=file))
    return content


def read_secrets(places: Mapping[str, str], *, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Name → secret, by NAME_file or NAME_env → its place. Raises ConfigError."""
    found = {}
    for option, where in places.items():
        name, _, kind = option.rpartition("_")
        file, env = (Path(where), None) if kind == "file" else (None, where)
        found[name] = read_secret(file, env, environ=environ)
    return found


def _read(file: Path) -> tuple[str, int]:
    """The text of a file without its line end, and who may read it."""
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            return opened.read().decode("utf-8-sig").strip(), mode
    except UnicodeDecodeError:
        raise ConfigError(T("{path} is not UTF-8 text. Save it again as UTF-8.", path=file)) from None
    except OSError as error:
        raise ConfigError(
            T("The secret file {path} cannot be read: {reason}.", path=file, reason=error.strerror)
        ) from None
