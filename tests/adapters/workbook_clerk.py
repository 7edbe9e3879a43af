"""The person between the outbox and the portal: carries the files over and brings the portal's own back."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from adapters.practice.process import PracticePortal


@dataclass
class Clerk:
    """Works through the outbox once; every file carried over lies in `done` afterwards. Files get older day by day."""

    portal: PracticePortal
    outbox: Path
    inbox: Path
    done: Path
    days: count = field(default_factory=lambda: count(1))

    def carry(self) -> list[str]:
        """Batches are typed in first, then people imported; the names of what was carried."""
        self.done.mkdir(exist_ok=True)
        carried = sorted(self.outbox.glob("*.xlsx"), key=lambda path: ("录入核对单-批次" not in path.name, path.name))
        for path in carried:
            self.upload(path)
            path.rename(self.done / path.name)
        return [path.name for path in carried]

    def upload(self, path: Path) -> None:
        if "录入核对单-批次" in path.name:
            self.portal.admin.type_in(path.read_bytes())
        elif "人员导入" in path.name or "人员更正" in path.name:
            failed = self.portal.admin.import_workbook(path.read_bytes())
            if failed is not None:
                self.bring(f"导入失败数据-{path.name}", failed)

    def export(self, year: int, name: str = "疗休养信息导出.xlsx") -> Path:
        return self.bring(name, self.portal.admin.export_workbook(year))

    def bring(self, name: str, content: bytes) -> Path:
        path = self.inbox / name
        path.write_bytes(content)
        os.utime(path, (1_760_000_000 + 86_400 * next(self.days),) * 2)
        return path
