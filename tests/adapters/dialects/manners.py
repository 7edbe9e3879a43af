"""The shipped dialects by name, each with the manner of its own server."""

from __future__ import annotations

from collections.abc import Mapping

from tests.adapters.dialects.manner import Manner
from tests.adapters.dialects.servers import (
    construction,
    district,
    exchange,
    hub,
    irs,
    jeecg,
    legacy,
    oauth2,
    qilu,
    ruoyi,
    sorted_parameters,
    tif,
)

MANNERS: Mapping[str, Manner] = {
    "qilu": qilu.MANNER,
    "jeecg": jeecg.MANNER,
    "ruoyi": ruoyi.MANNER,
    "tif": tif.MANNER,
    "irs": irs.MANNER,
    "district": district.MANNER,
    "oauth2": oauth2.MANNER,
    "exchange": exchange.MANNER,
    "legacy": legacy.MANNER,
    "construction": construction.MANNER,
    "hub": hub.MANNER,
    "sorted": sorted_parameters.MANNER,
}
