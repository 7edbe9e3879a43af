"""What import-linter cannot see: who asks the clock and who throws dice."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Time and chance come in as arguments; these two rooms hand them out.
MAY_ASK = {"bridge/wiring/service.py", "bridge/wiring/portal.py", "bridge/daemon.py"}
BANNED = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "uuid.uuid1",
    "uuid.uuid4",
    "random",
    "secrets",
}
# The practice portal and the demo play the world, which has a clock and dice of its own.
THE_WORLD = ("adapters/practice/", "bridge/demo/")


def names_used(tree: ast.AST) -> Iterator[str]:
    """Every dotted name, with the import it comes through spelt out."""
    origin: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origin |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            head, _, rest = ast.unparse(node).partition(".")
            yield f"{origin.get(head, head)}.{rest}"


def offences(code: str) -> set[str]:
    return {name for name in names_used(ast.parse(code)) if name in BANNED}


def modules() -> list[str]:
    found = [
        path.relative_to(ROOT).as_posix()
        for room in ("bridge", "adapters", "schemas")
        for path in (ROOT / room).rglob("*.py")
    ]
    return [path for path in sorted(found) if path not in MAY_ASK and not path.startswith(THE_WORLD)]


@pytest.mark.parametrize("path", modules())
def test_a_room_asks_neither_clock_nor_dice(path: str):
    assert offences((ROOT / path).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.now(tz)",
        "import datetime\nf = datetime.date.today",
        "from uuid import uuid4",
        "import random",
        "from random import choice",
    ],
)
def test_the_check_sees_each_way_of_asking(code: str):
    assert offences(code)


def test_no_test_leaves_this_machine():
    with pytest.raises(Exception, match=r"192\.0\.2\.1"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 443))
    with pytest.raises(Exception, match=r"example\.cn"):
        socket.create_connection(("example.cn", 443))
