"""A new dialect file: a shipped one with every comment, and beside it all that it does not use, switched off."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from schemas.dialect.review.transport import FILL_IN

_HEADER = re.compile(r"\[+([^\]]+)\]+")
_OPTION = re.compile(r"#?([A-Za-z_]+) = ")
_ADDRESS = f'base_url = "https://{FILL_IN}"'

_STEPS = """\
# 方言文件：照平台的接口文档填写。A dialect: fill it in from the portal's interface document.
#
# 1. 接口地址写进 base_url；认证、签名写进 [[grants]]、[signature]、[stamp]。Address, tokens, signature.
# 2. 返回码写进 [[answer.rules]]；各接口写进 [operations.*]；分页写进 [paging]。Codes, operations, pages.
# 3. 字段名写进 [fields.*]，代码表写进 [words.*]。Field names and dictionaries.
# 4. 行首为“#选项 = 值”或“#[节]”的未启用，去掉 # 即启用。What begins with # is off; remove it to switch on.
# 5. lxy-bridge dialect check 本文件 → 指出每处错误。Names every mistake.
# 6. lxy-bridge dialect show 操作 本文件 → 与文档示例逐字比对。Compare with the document's example, letter by letter.
# 7. lxy-bridge dialect probe 本文件 → 连平台试，不写入。Tries the portal; writes nothing.
#
# 以下取自程序自带的方言，其说明如下。What follows is a shipped dialect, with its own explanation:
#
"""


@dataclass(slots=True)
class _Section:
    """One table of a file: the lines above its header that explain it, its header, and its lines."""

    name: str
    head: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def options(self) -> Iterator[tuple[str, str]]:
        for line in self.lines:
            if found := _OPTION.match(line):
                yield found[1], line


def new_dialect(source: str, *, name: str) -> str:
    """`source` under another name, its address to be filled in, and every section and option it does not use as comments."""
    table = tomllib.loads(source)
    sections = _sections(source)
    if all(section.name != "transport" for section in sections):
        sections.insert(1, _Section("transport", ["[transport]"], [""]))
        table.setdefault("transport", {})
    last = {section.name: section for section in sections}
    unused: list[str] = []
    for offered in _sections(_skeleton()):
        used = _at(table, offered.name)
        missing = [line for option, line in offered.options() if used is None or option not in used]
        if used is not None and offered.name in last:
            _offer_options(last[offered.name], missing)
        elif missing:
            unused += [*offered.head[:-1], f"#{offered.head[-1]}", *map(_off, missing), ""]
    text = "\n".join(line for section in sections for line in (*section.head, *section.lines))
    rest = "\n".join(["# ── 以下各节未启用。Sections that are not used. ──", "", *unused])
    return _STEPS + _renamed(text, name) + "\n" + rest.rstrip() + "\n"


def _skeleton() -> str:
    return (files("schemas") / "dialect" / "skeleton.toml").read_text(encoding="utf-8")


def _sections(text: str) -> list[_Section]:
    """Comments right above a header belong to it."""
    found = [_Section("")]
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is None:
            found[-1].lines.append(line)
            continue
        above: list[str] = []
        while found[-1].lines and found[-1].lines[-1].startswith("# "):
            above.insert(0, found[-1].lines.pop())
        found.append(_Section(header[1], [*above, line]))
    return found


def _at(table: Mapping[str, object], path: str) -> Mapping[str, object] | None:
    """The table at a path; of several the last."""
    here: object = table
    for step in path.split(".") if path else ():
        here = here.get(step) if isinstance(here, dict) else None
        here = here[-1] if isinstance(here, list) and here else here
    return here if isinstance(here, dict) else None


def _offer_options(section: _Section, missing: list[str]) -> None:
    """Below a section's own lines those options it leaves out; the address always, to be filled in."""
    blank = [section.lines.pop() for _ in range(1) if section.lines and not section.lines[-1]]
    section.lines += [_off(line) for line in missing if not line.startswith("base_url")] + blank
    if section.name == "transport":
        section.lines = [_ADDRESS, *(line for line in section.lines if not line.startswith("base_url"))]


def _off(line: str) -> str:
    return line if line.startswith("#") else f"#{line}"


def _renamed(text: str, name: str) -> str:
    text = re.sub(r'^name = ".*?"', f'name = "{name}"', text, count=1, flags=re.MULTILINE)
    return re.sub(r"^version = \d+", "version = 1", text, count=1, flags=re.MULTILINE)
