"""A build backend that builds nothing: pip asks it what a source package is called, and then keeps the package as it is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

__legacy__ = sys.modules[__name__]  # the one setuptools has for packages without a pyproject.toml


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: object = None) -> str:
    """Called in the package's folder, where its metadata lies."""
    info = Path(metadata_directory, "unbuilt.dist-info")
    info.mkdir()
    shutil.copy("PKG-INFO", info / "METADATA")
    return info.name
