"""What the zip module raises for an archive that nobody can read."""

import zipfile
import zlib

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
"""No archive, cut off, or packed in a way the zip module has no code for: that is its NotImplementedError."""

UNREADABLE = (*DAMAGED, KeyError, RuntimeError)
"""Besides: a part that is not there, or that is encrypted."""
