"""The demo's folder: made fresh, with a settings file, a policy and secrets as a federation would have them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

from bridge.config import Config
from bridge.demo.judge import Sign
from bridge.wiring.practice import BASES, ORGANISERS, Practice
from schemas.errors import ConfigError
from schemas.texts import Language, T

TRUTH = "truth.json"
_SETTINGS = """\
# 演练用设置：每次演练重新生成。 Settings of the demo, made anew each time.
practice = true

[federation]
name = "威海市总工会（演练）"
city = "威海市"
code = "999900"
year = {year}
policy = "policy.toml"
language = {language}
organisers = [{organisers}]
{bases}
[[source]]
name = "ledgers"
path = "ledgers"
quiet_s = 0
glob = "**/*"

[portal]
{portal}

[mail]
enabled = true
host = {host}
port = {port}
security = "starttls"
user = "practice"
password_file = "mail.secret"
ca_file = {ca_file}
sender = "lxy@practice.invalid"
recipients = ["office@practice.invalid"]

[log]
file = "bridge.log"
"""
_BY_INTERFACE = """\
base_url = {base_url}
app_id = {app_id}
app_secret_file = "portal.secret"\
"""
_BY_HAND = 'carrier = "workbook"'
_BASE = """
[[federation.bases]]
name = {name}
level = {level}
in_province = {in_province}
"""
_MADE_BY_A_DEMO = {
    *("config.toml", "policy.toml", "portal.secret", "mail.secret", "bridge.log", TRUTH),
    *("keys.toml", "journal.db", "journal.db-journal", "journal.db.lock"),
    *("ledgers", "portal", "mail", "reports"),
    *("待上传", "线上导出", "已上传", "journal.db.template.json"),
}


def clear(folder: Path) -> None:
    """Make the folder, or empty it of an earlier demo. Raises ConfigError where it holds anything else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = {entry.name: entry for entry in folder.iterdir()}
        if held and not (TRUTH in held and held.keys() <= _MADE_BY_A_DEMO):
            raise ConfigError(T("The folder {path} is not empty. Name an empty or a new one with --dir.", path=folder))
        for entry in held.values():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    except OSError as error:
        raise ConfigError(
            T("The folder {path} cannot be used: {reason}.", path=folder, reason=error.strerror)
        ) from None
    (folder / TRUTH).touch()


def furnish(folder: Path, practice: Practice, *, password: str, language: Language, by_hand: bool) -> Config:
    """Write settings, policy and secrets for a running practice, and load them as any command would."""
    _private(folder / "portal.secret", practice.portal.app_secret)
    _private(folder / "mail.secret", password)
    policy = (files("schemas") / "policies" / "weihai-2025.toml").read_text(encoding="utf-8")
    yearly = policy.replace("once_per_year = false", "once_per_year = true")
    (folder / "policy.toml").write_text(yearly, encoding="utf-8")
    (folder / "config.toml").write_text(_settings(folder, practice, language, by_hand=by_hand), encoding="utf-8")
    return Config.load(folder / "config.toml")


def write_truth(folder: Path, days: Mapping[date, Iterable[Sign]]) -> Path:
    """The truth file: what must be found on each day, people by their marks."""
    told = {day.isoformat(): [sign._asdict() for sign in sorted(signs)] for day, signs in days.items()}
    path = folder / TRUTH
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _settings(folder: Path, practice: Practice, language: Language, *, by_hand: bool) -> str:
    bases = "".join(
        _BASE.format(name=_toml(base.name), level=_toml(base.level), in_province=_toml(base.in_province))
        for base in BASES
    )
    portal = _BY_INTERFACE.format(base_url=_toml(practice.portal.base_url), app_id=_toml(practice.portal.app_id))
    return _SETTINGS.format(
        year=practice.days[0].date.year,
        language=_toml(language),
        organisers=", ".join(map(_toml, ORGANISERS)),
        bases=bases,
        portal=_BY_HAND if by_hand else portal,
        host=_toml(practice.mailbox.host),
        port=practice.mailbox.port,
        ca_file=_toml(practice.mailbox.ca_file.relative_to(folder).as_posix()),
    )


def _toml(value: object) -> str:
    """JSON's texts and truth values are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _private(path: Path, secret: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)
