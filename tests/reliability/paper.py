"""A portal in memory that keeps the same ledger of effects as the practice portal, for the independent checker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.adapters.fake_portal import FakePortal

Fields = Mapping[str, str]


class OnPaper(FakePortal):
    """`now` is the moment of each effect; what carries no serial was done by a hand."""

    def __init__(self, now: Callable[[], datetime], **options: Any) -> None:
        super().__init__(**options)
        self._now = now
        self._entries: list[dict[str, Any]] = []

    def keep_ledger(self, folder: Path) -> None:
        text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in self._entries)
        (folder / "effects.jsonl").write_text(text, encoding="utf-8")

    def delete(self, person: str) -> None:
        self._note_person("person_deleted", person, "")
        super().delete(person)

    def delete_batch(self, batch: str) -> None:
        for person in self._people[batch]:
            self._note_person("person_deleted", person, "")
        self._note("batch_deleted", batch, batch, "", {})
        super().delete_batch(batch)

    def _store_batch(self, fields: Fields, serial: str) -> str:
        online_id = super()._store_batch(fields, serial)
        self._note("batch_created", online_id, online_id, serial, fields)
        return online_id

    def _store_person(self, batch: str, fields: Fields, serial: str) -> str:
        online_id = super()._store_person(batch, fields, serial)
        self._note_person("person_created", online_id, serial)
        return online_id

    def _update_batch(self, online_id: str, fields: Fields, serial: str) -> None:
        super()._update_batch(online_id, fields, serial)
        self._note("batch_updated", online_id, online_id, serial, fields)

    def _update_person(self, online_id: str, fields: Fields, serial: str) -> None:
        super()._update_person(online_id, fields, serial)
        self._note_person("person_updated", online_id, serial)

    def _note_person(self, kind: str, online_id: str, serial: str) -> None:
        batch = self._batch_of[online_id]
        self._note(kind, batch, online_id, serial, self._people[batch][online_id])

    def _note(self, kind: str, batch: str, online_id: str, serial: str, fields: Fields) -> None:
        of = self._batches[batch].fields
        entry = {
            "seq": len(self._entries) + 1,
            "at": self._now().isoformat(),
            "effect": kind,
            "by_hand": not serial,
            "id": online_id,
            "serial": serial,
            "batch": "/".join(of.get(name, "") for name in ("year", "organiser", "name")),
            "person": digest(fields["id_no"]) if "id_no" in fields else "",
            "content": {"unit": fields.get("unit", "")},
        }
        self._entries.append(entry)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
