"""A ledger written back with its wrong cells coloured and commented, everything else as it was."""

from adapters.sources.marking.workbook import has_macros, marked

__all__ = ["has_macros", "marked"]
