"""The shipped dialects by name, each with the manner of its own server."""

from __future__ import annotations

from collections.abc import Mapping

from tests.adapters.dialects.manner import Manner
from tests.adapters.dialects.servers import district, irs, jeecg, oauth2, qilu, ruoyi, tif

MANNERS: Mapping[str, Manner] = {
    "qilu": qilu.MANNER,
    "jeecg": jeecg.MANNER,
    "ruoyi": ruoyi.MANNER,
    "tif": tif.MANNER,
    "irs": irs.MANNER,
    "district": district.MANNER,
    "oauth2": oauth2.MANNER,
}
