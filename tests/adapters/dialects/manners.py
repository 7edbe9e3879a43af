"""The shipped dialects by name, each with the manner of its own server."""

from __future__ import annotations

from collections.abc import Mapping

from tests.adapters.dialects.manner import Manner
from tests.adapters.dialects.servers import jeecg, qilu

MANNERS: Mapping[str, Manner] = {
    "qilu": qilu.MANNER,
    "jeecg": jeecg.MANNER,
}
