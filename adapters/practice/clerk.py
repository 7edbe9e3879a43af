"""The person between outbox and portal, in the practice: carries our files over and brings the portal's own back."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from adapters.practice.admin import Admin

_FACTS = "录入核对单-批次"
_IMPORTS = ("人员导入", "人员更正")


@dataclass(frozen=True, slots=True)
class Clerk:
    """What has been carried over lies in `done`. Downloads are numbered as they come, so the later name is the newer."""

    admin: Admin
    outbox: Path
    inbox: Path
    done: Path
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def carry(self) -> list[str]:
        """Works through the outbox: batches are typed in first, then people imported. The names carried over.

        Raises ValueError with the portal's words for a file it does not take.
        """
        self.done.mkdir(parents=True, exist_ok=True)
        files = sorted(self.outbox.glob("*.xlsx"), key=lambda path: (_FACTS not in path.name, path.name))
        for path in files:
            self.upload(path)
            path.rename(self.done / path.name)
        return [path.name for path in files]

    def upload(self, path: Path) -> None:
        """One file, as often as it is asked for; a tick list of people is only for looking."""
        if _FACTS in path.name:
            self.admin.type_in(path.read_bytes())
        elif any(word in path.name for word in _IMPORTS):
            failed = self.admin.import_workbook(path.read_bytes())
            if failed is not None:
                self._download("导入失败数据", failed)

    def export(self, year: int) -> Path:
        return self._download("疗休养信息导出", self.admin.export_workbook(year))

    def _download(self, name: str, content: bytes) -> Path:
        path = self.inbox / f"{name}-{next(self._numbers):04}.xlsx"
        path.write_bytes(content)
        return path
