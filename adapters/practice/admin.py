"""The other end of the back door: hand edits and weather, for the demo and for tests."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import httpx

from adapters.practice.weather import Weather, changed

Record = dict[str, str | int]


class Admin:
    """Hands in a running portal. Fields have the portal's names and words; ids are the portal's own.

    Raises ValueError with the portal's words when it does not do what it is asked.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def weather(self, **switches: object) -> Weather:
        """Changes the switches named, leaves the others; gives what holds now, with what is left of each count."""
        return changed(Weather(), self._do("weather", fields=switches))

    def batches(self) -> list[Record]:
        return list(self._do("batches"))

    def people(self, batch_id: str | int) -> list[Record]:
        """Unmasked, whatever the weather."""
        return list(self._do("people", batchId=batch_id))

    def add_batch(self, fields: Mapping[str, str | int]) -> str:
        return str(self._do("add_batch", fields=fields))

    def edit_batch(self, batch_id: str | int, **fields: str | int) -> None:
        """`releaseStatus` is a field like the others."""
        self._do("edit_batch", id=batch_id, fields=fields)

    def review(self, batch_id: str | int) -> None:
        self._do("review", id=batch_id)

    def add_person(self, batch_id: str | int, fields: Mapping[str, str | int]) -> str:
        return str(self._do("add_person", batchId=batch_id, fields=fields))

    def edit_person(self, person_id: str | int, **fields: str | int) -> None:
        self._do("edit_person", id=person_id, fields=fields)

    def delete_person(self, person_id: str | int) -> None:
        self._do("delete_person", id=person_id)

    def import_workbook(self, content: bytes) -> bytes | None:
        """As staff upload it; gives the workbook of the rows that were not imported, if any."""
        failed = self._do("import_workbook", content=b64encode(content).decode())
        return None if failed is None else b64decode(failed)

    def type_in(self, content: bytes) -> str:
        """As staff type a batch in by its tick list; gives the batch's id."""
        return str(self._do("type_in", content=b64encode(content).decode()))

    def export_workbook(self, year: int) -> bytes:
        """What staff download; ids and phones masked as in the listings."""
        return b64decode(self._do("export_workbook", year=year))

    def _do(self, act: str, **body: object) -> Any:
        answer = self._client.post(f"/__practice__/{act}", json=body).raise_for_status().json()
        if answer["code"] != "P00000":
            raise ValueError(answer["msg"])
        return answer["data"]
