"""The portal by files: import workbooks and tick lists go out by hand, exports and error rows come back."""

from adapters.portal.workbook.portal import WorkbookPortal

__all__ = ["WorkbookPortal"]
