"""One batch and one participant who do not exist, in canonical values: what a request is shown with.

The region 999001 is no region, and 199 0000 is no block of numbers that is given out.
"""

from __future__ import annotations

from collections.abc import Mapping

BATCH: Mapping[str, str] = {
    "year": "2025",
    "organiser": "示例市总工会",
    "name": "第一批",
    "level": "city",
    "base": "示例海滨疗养基地",
    "start": "2025-05-03",
    "end": "2025-05-07",
    "headcount": "1",
    "leaders": "1",
}

PERSON: Mapping[str, str] = {
    "name": "示例职工",
    "id_type": "resident",
    "id_no": "999001199001010011",
    "phone": "19900000001",
    "unit": "示例机械厂",
    "category": "skilled",
}

SERIAL = "EXAMPLE-SERIAL-0001"
BATCH_ID, PERSON_ID, TICKET = "1001", "2001", "3001"
"""What the portal could have called them."""
