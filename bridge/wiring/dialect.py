"""The fuse box of those who write a dialect: requests shown and not sent, and a portal tried without writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.portal.http import Credentials, Line, Retries
from adapters.portal.probe import Probe
from adapters.portal.shown import Showcase, Shown, Specimen
from bridge.config import Config, read_secret, read_secrets
from bridge.config.packs import address_of, load_dialect, sound
from bridge.map import to_online
from bridge.wiring.portal import clients_of, credentials_of, ticks
from schemas import specimen
from schemas.dialect import Dialect
from schemas.dialect.review.places import calls
from schemas.errors import ConfigError
from schemas.examined import Examined
from schemas.texts import T
from schemas.veil import Veil

_NO_ADDRESS = "https://portal.example.cn"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown: a grant or an operation, and the time and nonce of an example."""

    name: str
    time: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One request to look at, secrets hidden. `untold` are the names no settings have filled.

    `unsealed`: it is shown without its encryption, for want of the key.
    """

    shown: Shown
    untold: tuple[str, ...]
    unsealed: bool


def show(pack: Path | str, wish: Wish, config: Config | None) -> Exhibit:
    """Raises ConfigError for a dialect with mistakes, for what it does not have, and for a key that does not fit."""
    dialect = sound(pack)
    values = _told(dialect, config)
    untold = tuple(name for name, value in values.items() if value == _name_of(name))
    unsealed = dialect.sealing is not None and not {"app_secret", *dialect.secrets}.isdisjoint(untold)
    speaking = dialect.model_copy(update={"sealing": None}) if unsealed else dialect
    own = {name: value for name, value in values.items() if name not in {"app_id", "app_secret"}}
    credentials = Credentials(values["app_id"], values["app_secret"], own)
    showcase = Showcase(speaking, _address(dialect, config), credentials, _specimen(dialect, wish), ticks())
    return Exhibit(_veiled(_made(showcase, speaking, wish.name), _veil(dialect, values)), untold, unsealed)


def _made(showcase: Showcase, dialect: Dialect, name: str) -> Shown:
    grants = {grant.name: grant for grant in dialect.grants}
    shapes = calls(dialect)
    if name in grants:
        return showcase.grant(grants[name])
    if name in shapes:
        return showcase.operation(name, shapes[name])
    raise ConfigError(
        T("{name}: the dialect has no such operation. It has: {names}.", name=name, names=", ".join([*grants, *shapes]))
    )


def _told(dialect: Dialect, config: Config | None) -> dict[str, str]:
    """Everything only the federation knows, as the settings say; for what they do not, «its name»."""
    found: dict[str, str] = {}
    if config:
        found = {**config.portal.settings, **_readable(config), "app_id": config.portal.app_id or ""}
    names = ("app_id", "app_secret", *dialect.settings, *dialect.secrets)
    return {name: found.get(name) or _name_of(name) for name in names}


def _readable(config: Config) -> dict[str, str]:
    """The secrets that can be read: to look at one request nobody needs them all."""
    portal, found = config.portal, {}
    try:
        found["app_secret"] = read_secret(portal.app_secret_file, portal.app_secret_env)
    except ConfigError:
        found.clear()
    for option, where in portal.secrets.items():
        try:
            found |= read_secrets({option: where})
        except ConfigError:
            continue
    return found


def _name_of(name: str) -> str:
    return f"«{name}»"


def _address(dialect: Dialect, config: Config | None) -> str:
    return (address_of(dialect, config.portal) if config else dialect.transport.base_url) or _NO_ADDRESS


def _specimen(dialect: Dialect, wish: Wish) -> Specimen:
    batch = to_online(specimen.BATCH, dialect.words.batch)
    person = to_online(specimen.PERSON, dialect.words.person)
    return Specimen(batch, person, wish.time, wish.nonce)


def _veil(dialect: Dialect, values: Mapping[str, str]) -> Veil:
    """Names that stand for themselves are among them: so they come out of every encoding as names."""
    granted = {grant.name: _name_of(grant.name) for grant in dialect.grants}
    untold = {name: value for name, value in values.items() if value == _name_of(name)}
    return Veil({**granted, **untold, **{name: values[name] for name in ("app_secret", *dialect.secrets)}})


def _veiled(shown: Shown, veil: Veil) -> Shown:
    return replace(
        shown,
        url=veil.hide(shown.url),
        headers={name: veil.hide(value) for name, value in shown.headers.items()},
        canonical=veil.hide(shown.canonical),
        body=veil.hide(shown.body),
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """A dialect being tried at its portal, at `url`. Whatever is printed goes through `hide`."""

    probe: Probe
    url: str

    def steps(self) -> Iterator[Examined]:
        return self.probe.steps()

    def hide(self, text: str) -> str:
        return self.probe.veil.hide(text)


@contextmanager
def try_out(pack: Path | str, config: Config) -> Iterator[Trial]:
    """At the portal of the settings, whatever dialect they name. Raises ConfigError."""
    portal = config.portal.model_copy(update={"dialect": pack})
    config = config.model_copy(update={"portal": portal})
    dialect, credentials = load_dialect(config), credentials_of(config)
    secrets = {"app_secret": credentials.app_secret, **{name: credentials.values[name] for name in dialect.secrets}}
    clients = clients_of(config, dialect)
    try:
        line = Line(dialect, clients, credentials, Retries(attempts=1, budget=0), ticks())
        yield Trial(Probe(line, config.federation.year, Veil(secrets)), address_of(dialect, portal))
    finally:
        clients.close()
