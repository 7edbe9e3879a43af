"""The settings file, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import orjson
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from bridge.config.kinds import (
    BaseUrl,
    Cron,
    DialectPack,
    ExistingFile,
    Mailbox,
    Place,
    PolicyPack,
    Seconds,
    SecretPlaces,
    Words,
)
from bridge.config.mistakes import explain
from bridge.config.secret import one_place, places_of
from bridge.config.section import Section
from bridge.config.source import Aliases, Source
from bridge.config.toml import table_of, text_of
from schemas.batch import Level
from schemas.errors import ConfigError, Wrong
from schemas.texts import Language, T

_MAY_BE_LEFT_OUT = (
    "journal",
    "vault",
    "deadlines",
    "rules",
    "brake",
    "mail",
    "report",
    "backup",
    "schedule",
    "log",
    "aliases",
)


class Base(Section):
    """One entry of the base list (基地名录)."""

    name: Words
    level: Level
    in_province: bool = True


class Federation(Section):
    """Whose bridge this is. `organisers` are ours to report; empty: all of them are."""

    name: Words
    city: Words
    code: Words
    year: Annotated[int, Field(ge=2020, le=2100)]
    policy: PolicyPack
    language: Language = Language.ZH_CN
    organisers: tuple[Words, ...] = ()
    bases: tuple[Base, ...] = ()


class Journal(Section):
    """`lease_s`: a writer that was silent for longer may be ended by `takeover`."""

    path: Place = Path("journal.db")
    lease_s: Annotated[float, Field(gt=0)] = 60


class VaultKeys(Section):
    key_file: Place = Path("keys.toml")


class Retries(Section):
    """`attempts` and `time_s` bound one request, `budget` all repeated requests of one run."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 4
    time_s: Seconds = 300
    budget: Annotated[int, Field(ge=0)] = 20


class Portal(Section):
    """`base_url` and `settle_window_s` override the dialect's; `settings` and `secrets` are what else it asks for.

    Nobody's listing grows older than `sweep_after_h`, as far as runs go.
    By the carrier "workbook" people take files from `outbox` to the portal, and bring its exports to `inbox`.
    """

    carrier: Literal["http", "workbook"] = "http"
    dialect: DialectPack | None = None
    template: ExistingFile | None = None
    outbox: Place = Path("待上传")
    inbox: Place = Path("线上导出")
    base_url: BaseUrl | None = None
    app_id: Words | None = None
    app_secret_file: Place | None = None
    app_secret_env: Words | None = None
    ca_file: ExistingFile | None = None
    client_cert_file: ExistingFile | None = None
    client_key_file: ExistingFile | None = None
    settle_window_s: Seconds | None = None
    sweep_after_h: Annotated[float, Field(ge=0)] = 20
    retries: Retries = Retries()
    settings: Mapping[str, Words] = Field(default_factory=dict)
    secrets: SecretPlaces = Field(default_factory=dict)

    @field_validator("inbox")
    @classmethod
    def _apart(cls, value: Path, info: ValidationInfo) -> Path:
        if value == info.data.get("outbox"):
            raise Wrong(T("{key}: must be another folder than portal.outbox."))
        return value

    @property
    def by_hand(self) -> bool:
        """Whether people carry files to the portal and back."""
        return self.carrier == "workbook"

    @property
    def pack(self) -> Path | str:
        """The dialect: the one that is named, else the one the carrier usually has."""
        return self.dialect or {"http": "qilu", "workbook": "import-workbook"}[self.carrier]

    @field_validator("app_id")
    @classmethod
    def _called(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("carrier") == "http":
            raise Wrong(T("{key}: is missing."))
        return value

    @field_validator("app_secret_env")
    @classmethod
    def _secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        needed = info.data.get("carrier") == "http"
        return one_place(value, info, file_field="app_secret_file", needed=needed)

    @field_validator("client_key_file")
    @classmethod
    def _whole_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "client_cert_file" in info.data and (value is None) != (info.data["client_cert_file"] is None):
            raise Wrong(T("{key}: a client certificate needs client_cert_file and client_key_file, both."))
        return value

    @field_validator("secrets")
    @classmethod
    def _places(cls, value: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        return places_of(value, info)


class Deadlines(Section):
    """The five days after a batch ends (Weihai 2025 六(二)); the defaults stand until the federation decides."""

    days: Annotated[int, Field(ge=1, le=60)] = 5
    working_days: bool = False
    holiday_extends: bool = False
    soon_days: Annotated[int, Field(ge=0, le=60)] = 2


class Rules(Section):
    """What the federation decides beyond the policy pack (domain.md 3).

    `review` "read_back": an agreement read back is the review; "portal": the portal's own review must follow.
    """

    review: Literal["read_back", "portal"] = "read_back"
    names_in_mail: Literal["masked"] = "masked"


Percent = Annotated[float, Field(ge=0, le=100)]


class Brake(Section):
    """From when on a change of a batch is held until somebody has looked; fewer than `least_people` are never many.

    100 switches a share off, for nothing is more than all.
    """

    least_people: Annotated[int, Field(ge=1)] = 5
    fewer_percent: Percent = 20
    changed_percent: Percent = 50
    shifted_percent: Percent = 50
    same_percent: Percent = 90


class Mail(Section):
    """Delivery of the report. `security` "smtps" speaks TLS from the first byte, "starttls" switches to it."""

    enabled: bool = False
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    security: Literal["smtps", "starttls"] = "smtps"
    user: str = ""
    password_file: Place | None = None
    password_env: Words | None = None
    ca_file: ExistingFile | None = None
    sender: Mailbox | None = None
    recipients: tuple[Mailbox, ...] = ()

    @field_validator("host", "sender", "recipients")
    @classmethod
    def _needed(cls, value: object, info: ValidationInfo) -> object:
        if info.data.get("enabled") and not value:
            raise Wrong(T("{key}: is needed while mail.enabled = true."))
        return value

    @field_validator("password_env")
    @classmethod
    def _secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        needed = bool(info.data.get("enabled") and info.data.get("user"))
        return one_place(value, info, file_field="password_file", needed=needed)


class Backup(Section):
    """Where copies of the journal are kept, encrypted, and how many of them."""

    dir: Place = Path("backups")
    keep: Annotated[int, Field(ge=1, le=1000)] = 7


class ReportFiles(Section):
    dir: Place = Path("reports")


class Schedule(Section):
    """When the daemon works, as cron lines in Asia/Shanghai. `mail` tries again what still lies in the outbox.

    `probe` asks a portal that the last run found gone whether it is back, by one request; if so, that run goes on.
    `drill` restores the newest backup into a folder of its own, to see that it can be.
    """

    backup: Cron = "30 5 * * *"
    drill: Cron = "45 5 * * sun"
    sync: Cron = "30 6 * * *"
    report: Cron = "30 7 * * *"
    mail: Cron = "*/15 * * * *"
    probe: Cron = "*/5 * * * *"


class Log(Section):
    """`file` None: standard error, which systemd keeps."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: Place | None = None


class Config(Section):
    """The whole file. `practice` marks everything made with it as an exercise."""

    practice: bool = False
    federation: Federation
    source: tuple[Source, ...]
    aliases: Aliases
    portal: Portal
    journal: Journal
    vault: VaultKeys
    deadlines: Deadlines
    rules: Rules
    brake: Brake
    mail: Mail
    report: ReportFiles
    backup: Backup
    schedule: Schedule
    log: Log

    @field_validator("source")
    @classmethod
    def _distinct(cls, value: tuple[Source, ...]) -> tuple[Source, ...]:
        if not value:
            raise Wrong(T("{key}: must not be empty."))
        names = [source.name for source in value]
        if len(set(names)) != len(names):
            raise Wrong(T("{key}: two of them have the same name; give each its own."))
        return value

    @field_validator("portal")
    @classmethod
    def _no_ledgers(cls, value: Portal, info: ValidationInfo) -> Portal:
        """What people carry to and fro would be read as ledgers."""
        for option in ("outbox", "inbox") if value.carrier == "workbook" else ():
            folder: Path = getattr(value, option)
            for source in info.data.get("source", ()):
                if source.path is None:
                    continue
                below = "**" in source.glob and folder.is_relative_to(source.path)
                if below or folder == source.path:
                    raise Wrong(
                        T(
                            "{key}.{option}: lies in the folder of source {name}, so its files would be read as "
                            "ledgers. Put it elsewhere.",
                            option=option,
                            name=source.name,
                        )
                    )
        return value

    @classmethod
    def load(cls, path: Path) -> Self:
        """The settings of one file. Raises ConfigError with every mistake in it."""
        table = {section: {} for section in _MAY_BE_LEFT_OUT} | _read(path)
        try:
            # As JSON, because only there strict means what TOML means: an enum is a text, a tuple is a list.
            return cls.model_validate_json(orjson.dumps(table), context={"folder": path.absolute().parent})
        except ValidationError as error:
            raise ConfigError(*explain(error, cls, reference="config.example.toml")) from None


def _read(path: Path) -> dict[str, object]:
    try:
        return table_of(text_of(path), path)
    except FileNotFoundError:
        raise ConfigError(T("There is no settings file {path}. Run: lxy-bridge init", path=path)) from None
