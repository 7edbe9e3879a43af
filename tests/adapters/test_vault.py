"""The vault, and the key file it lives from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.vault import Keys, Vault, create_keys
from schemas.errors import ConfigError, JournalError

KEYS = Keys(seal=b"a" * 32, match=b"b" * 32, mark=b"c" * 32, serial=b"d" * 32)
VAULT = Vault(KEYS)
OTHER = Vault(Keys(seal=b"e" * 32, match=b"f" * 32, mark=b"g" * 32, serial=b"h" * 32))
CANARY = "999901199001011234"

texts = st.text(alphabet=st.characters(codec="utf-8"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    create_keys(path)
    return path


@given(plain=st.binary(), bound_to=texts)
def test_what_was_sealed_opens_in_its_own_place(plain: bytes, bound_to: str):
    assert VAULT.open(VAULT.seal(plain, bound_to=bound_to), bound_to=bound_to) == plain


@given(plain=st.binary(), place=texts, other=texts)
def test_a_sealed_cell_moved_to_another_row_does_not_open(plain: bytes, place: str, other: str):
    sealed = VAULT.seal(plain, bound_to=place)
    if place != other:
        with pytest.raises(JournalError):
            VAULT.open(sealed, bound_to=other)


@given(plain=st.binary(), flip=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_one_flipped_bit_anywhere_is_noticed(plain: bytes, flip: int, bit: int):
    sealed = bytearray(VAULT.seal(plain, bound_to="row 1"))
    sealed[flip % len(sealed)] ^= 1 << bit
    with pytest.raises(JournalError):
        VAULT.open(bytes(sealed), bound_to="row 1")


def test_another_key_does_not_open_it():
    with pytest.raises(JournalError, match="another key file"):
        OTHER.open(VAULT.seal(b"plain", bound_to="row 1"), bound_to="row 1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + b"x" * 60, b"\x01" + b"x" * 27])
def test_bytes_that_were_never_sealed_are_called_damaged(sealed: bytes):
    with pytest.raises(JournalError, match="damaged"):
        VAULT.open(sealed, bound_to="row 1")


def test_sealing_twice_shows_two_different_cells():
    assert VAULT.seal(b"same", bound_to="row 1") != VAULT.seal(b"same", bound_to="row 1")


def test_the_id_is_in_no_byte_that_leaves_the_vault():
    shown = [
        VAULT.seal(CANARY.encode(), bound_to="row 1"),
        VAULT.person_key("resident", CANARY),
        VAULT.mark([CANARY]),
        VAULT.serial([CANARY]).encode(),
        repr(VAULT).encode(),
    ]
    assert not [place for place in shown if CANARY.encode() in place]


def test_the_keys_are_not_in_their_repr():
    assert "aaaa" not in repr(KEYS)


def test_a_person_is_one_key_of_sixteen_bytes_on_every_day():
    assert VAULT.person_key("resident", CANARY) == VAULT.person_key("resident", CANARY)
    assert VAULT.person_key("resident", CANARY).hex() == "a9016422600dc1c9ece96952232cbdb8"


def test_the_same_number_on_another_kind_of_document_is_another_person():
    assert VAULT.person_key("resident", CANARY) != VAULT.person_key("passport", CANARY)


@given(one=st.lists(texts), other=st.lists(texts))
def test_marks_are_equal_exactly_when_the_values_are(one: list[str], other: list[str]):
    assert (VAULT.mark(one) == VAULT.mark(other)) == (one == other)
    assert VAULT.mark(tuple(one)) == VAULT.mark(one)
    assert len(VAULT.mark(one)) == 16


@pytest.mark.parametrize("name", ["match", "mark", "serial"])
def test_what_stands_for_a_person_in_the_clear_is_made_with_its_own_key_and_no_other(name: str):
    other = Vault(Keys(**{key: b"z" * 32 if key == name else getattr(KEYS, key) for key in Keys.__slots__}))
    made = {
        "match": lambda vault: vault.person_key("resident", CANARY),
        "mark": lambda vault: vault.mark([CANARY]),
        "serial": lambda vault: vault.serial([CANARY]),
    }
    assert [key for key, of in made.items() if of(other) != of(VAULT)] == [name]


def test_a_serial_is_128_bits_in_hex_and_depends_on_every_part():
    serial = VAULT.serial(["office", "2025/office/one", "1"])
    assert len(bytes.fromhex(serial)) == 16
    assert serial != VAULT.serial(["office", "2025/office/one", "2"])


def test_each_key_is_needed_for_the_check_value():
    for name in ("seal", "match", "mark", "serial"):
        changed = Keys(**{key: b"z" * 32 if key == name else getattr(KEYS, key) for key in Keys.__slots__})
        assert Vault(changed).check_value() != VAULT.check_value()


def test_a_new_key_file_loads_as_the_same_keys_each_time(key_file: Path):
    assert Vault.load(key_file).check_value() == Vault.load(key_file).check_value()


def test_two_key_files_are_never_the_same(key_file: Path, tmp_path: Path):
    create_keys(tmp_path / "other.toml")
    assert Vault.load(key_file).check_value() != Vault.load(tmp_path / "other.toml").check_value()


def test_a_key_file_is_born_closed_to_others_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        create_keys(tmp_path / "keys.toml")
    finally:
        os.umask(before)
    assert (tmp_path / "keys.toml").stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_never_overwritten(key_file: Path):
    content = key_file.read_bytes()
    with pytest.raises(ConfigError, match="never overwritten"):
        create_keys(key_file)
    assert key_file.read_bytes() == content


def test_a_key_file_in_a_missing_folder_says_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be written"):
        create_keys(tmp_path / "nowhere" / "keys.toml")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_open_to_others_is_refused_with_the_command_that_closes_it(key_file: Path, mode: int):
    key_file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        Vault.load(key_file)
    assert f"chmod 600 {key_file}" in str(caught.value)


def test_a_missing_key_file_names_its_path_and_the_next_step(tmp_path: Path):
    with pytest.raises(ConfigError, match="lxy-bridge init") as caught:
        Vault.load(tmp_path / "keys.toml")
    assert str(tmp_path) in str(caught.value)


def test_a_folder_in_place_of_a_key_file_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Vault.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seal =", "sael ="),
        ('seal = "', 'seal = "!'),
        ('seal = "', 'seal = "AAAA'),
        ("seal =", "seal = 5 #"),
        ("seal =", "= seal"),
        ("# Keys", "\xff"),
        ("# Keys", 'extra = "1" #'),
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_a_key(key_file: Path, old: str, new: str):
    text = key_file.read_text(encoding="utf-8")
    key_file.write_bytes(text.replace(old, new).encode("latin-1" if new == "\xff" else "utf-8", "replace"))
    with pytest.raises(ConfigError) as caught:
        Vault.load(key_file)
    secrets = [line.split('"')[1] for line in text.splitlines() if line.endswith('"')]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if secret in str(caught.value)]


def test_one_key_copied_over_another_is_refused(key_file: Path):
    lines = key_file.read_text(encoding="utf-8").splitlines()
    seal = next(line for line in lines if line.startswith("seal"))
    lines = [seal.replace("seal", "match") if line.startswith("match") else line for line in lines]
    key_file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match="damaged"):
        Vault.load(key_file)
