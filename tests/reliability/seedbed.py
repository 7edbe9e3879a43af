"""Forks a pytest for each list of tests it reads, in the folder it was started in: see `planting`.

Foreign packages are loaded once, before the fork; nothing of the program is, for it changes in between. A line in is a
JSON pair of node ids and environment, a line out the exit code and the end of what pytest said.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

_FOREIGN = (
    *("alembic.command", "apscheduler.schedulers.background", "apscheduler.triggers.cron", "cryptography.x509"),
    *("css_inline", "holidays", "httpx", "hypothesis.stateful", "jinja2", "jmespath", "openpyxl", "orjson"),
    *(
        "pydantic",
        "pytest",
        "python_calamine",
        "respx",
        "sqlalchemy.dialects.sqlite",
        "sniffio",
        "starlette.applications",
    ),
    *("structlog", "tenacity", "typer.testing", "uvicorn", "xlsxwriter", "xlwt"),
)
_PATIENCE_S = 120
_SAID = 3000


def main() -> None:
    sys.path[0] = str(Path.cwd())
    os.environ |= {"PYTHONPATH": str(Path.cwd()), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for name in _FOREIGN:
        importlib.import_module(name)
    for line in sys.stdin:
        with tempfile.TemporaryFile() as said:
            code = _ran(*json.loads(line), said.fileno())
            said.seek(0)
            end = said.read().decode(errors="replace")[-_SAID:]
        sys.stdout.write(json.dumps([code, end]) + "\n")
        sys.stdout.flush()


def _ran(tests: list[str], environment: dict[str, str], said: int) -> int:
    child = os.fork()
    if child == 0:
        signal.alarm(_PATIENCE_S)
        os.environ |= environment
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        code = 70
        try:
            import pytest

            code = pytest.main(["-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", *tests])
            sys.stdout.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
