"""The Chinese catalogue covers every text, and what is shipped is what was translated."""

import string
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from schemas.errors import ConfigError
from schemas.texts import Language, T

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "schemas" / "locales"
CATALOGUE = LOCALES / "zh_CN" / "LC_MESSAGES"


@cache
def extracted():
    with (LOCALES / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    found = set()
    for room in ("bridge", "adapters", "schemas"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / room, methods, options, keywords={**DEFAULT_KEYWORDS, "T": None}
        ):
            found.add(message)
    return found


@cache
def catalogue():
    with (CATALOGUE / "messages.po").open("rb") as file:
        return read_po(file, locale="zh_CN")


def placeholders(template):
    """The names a template takes; how it spells a day or a number is its own business."""
    names = (name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
    return {name.split(".")[0].split("[")[0] for name in names}


def translated():
    return {message.id: message for message in catalogue() if message.id}


def test_every_text_in_the_code_has_a_chinese_one():
    missing = sorted(text for text in extracted() if text not in translated())
    assert not missing, f"run `make texts` and translate: {missing}"


def test_the_catalogue_holds_no_text_the_code_has_lost():
    assert set(translated()) <= extracted()


def test_no_translation_is_empty_or_a_guess():
    unfinished = [text for text, message in translated().items() if not message.string or message.fuzzy]
    assert not unfinished


def test_a_translation_takes_the_same_values_as_its_text():
    differing = [text for text, message in translated().items() if placeholders(text) != placeholders(message.string)]
    assert not differing


def test_the_shipped_catalogue_is_the_compiled_one():
    compiled = BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    expected = {message.id: message.string for message in read_mo(compiled) if message.id}
    with (CATALOGUE / "messages.mo").open("rb") as shipped:
        assert {message.id: message.string for message in read_mo(shipped) if message.id} == expected


def test_the_catalogue_names_no_machine_and_no_person():
    text = (CATALOGUE / "messages.po").read_text(encoding="utf-8")
    assert "@" not in text.split("\n\n")[0]
    assert "#: " not in text


@pytest.mark.parametrize(("language", "shown"), [(Language.ZH_CN, "还剩3小时"), (Language.EN, "3 h left")])
def test_a_text_is_put_into_a_language_with_its_values(language, shown):
    assert T("{hours} h left", hours=3).into(language) == shown


def test_a_config_error_shows_all_its_texts():
    error = ConfigError(T("to be entered"), T("refused"))
    assert error.into(Language.ZH_CN) == "待报\n被拒"


def test_a_text_nobody_translated_yet_is_shown_in_english():
    assert T("nobody wrote {this} down", this="it").into(Language.ZH_CN) == "nobody wrote it down"
