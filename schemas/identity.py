"""Identity values: their canonical form, their checks, their masks."""

from enum import StrEnum


class IdType(StrEnum):
    RESIDENT = "resident"
