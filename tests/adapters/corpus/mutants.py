"""Files gone wrong: bytes flipped, cut short, filled with noise, and archives whose parts are mended around the damage."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from tests.adapters.corpus.binary import write_xlsb
from tests.adapters.corpus.files import lines
from tests.adapters.ledgers import ledger, people, write_csv, write_xls, write_xlsx

Hurt = Callable[[bytes, Random], bytes]
ODD = (b"999999999", b"-1", b"&#0;", b"\x00", b"\xff\xff\xff\xff", b"<", b"]]>", b"1e999", b"NaN", b'"', b"XFD1048576")


def flipped(content: bytes, chance: Random) -> bytes:
    out = bytearray(content)
    for _ in range(chance.choice((1, 4, 32))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut_short(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content))]


def noisy(content: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + chance.randbytes(chance.choice((1, 16, 512))) + content[at + chance.randrange(64) :]


def doubled(content: bytes, chance: Random) -> bytes:
    """A stretch stands twice, or is gone."""
    start, end = sorted(chance.randrange(len(content)) for _ in "ab")
    return content[:end] + content[start:] if chance.random() < 0.5 else content[:start] + content[end:]


def odd_words(content: bytes, chance: Random) -> bytes:
    """What stood between two signs is something no program writes there."""
    out = content
    for _ in range(chance.choice((1, 3))):
        at = chance.randrange(max(1, len(out)))
        out = out[:at] + chance.choice(ODD) + out[at + chance.randrange(8) :]
    return out


HURTS: Sequence[Hurt] = (flipped, cut_short, noisy, doubled, odd_words)


def originals(folder: Path) -> dict[str, bytes]:
    """One whole file a form."""
    rows = ledger(*people(6), ["合计", "", 6])
    xlsx = write_xlsx(folder / "a.xlsx", {"第三批": rows, "第四批": rows}, merges=((4, 5, 6, 5),), hidden=["第四批"])
    xls, csv, xlsb = folder / "a.xls", folder / "a.csv", folder / "a.xlsb"
    write_xls(xls, rows)
    write_csv(csv, rows)
    write_xlsb(xlsb, rows)
    return {
        "xlsx": xlsx.read_bytes(),
        "xls": xls.read_bytes(),
        "xlsb": xlsb.read_bytes(),
        "csv": csv.read_bytes(),
        "html": f"<html><body><table>{lines(rows)}</table></body></html>".encode("gb18030"),
    }


def mutants(folder: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """So many of each form, with a name by which one of them is made again."""
    for form, content in originals(folder).items():
        for seed in range(count):
            chance = Random(f"{form} {seed}")
            hurt = chance.choice(HURTS)
            within = form in ("xlsx", "xlsb") and seed % 3
            yield f"{form}-{seed}-{hurt.__name__}", _within(content, hurt, chance) if within else hurt(content, chance)


def _within(content: bytes, hurt: Hurt, chance: Random) -> bytes:
    """One part of the archive is hurt, and packed so that the archive itself is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        hurt_part = chance.choice(whole.namelist())
        for part in whole.namelist():
            written = whole.read(part)
            new.writestr(part, hurt(written, chance) if part == hurt_part and written else written)
    return out.getvalue()
