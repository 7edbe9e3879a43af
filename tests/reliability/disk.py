"""A disk that loses its power: an ext4 file system in a file, mounted like any other. Needs root, mkfs.ext4 and mount.

A cut is two steps. `power_off` ends the file system at that very moment (the kernel's own switch for such tests): what it
had not yet given to the device is gone, and no process is told anything else than an error from then on. `power_on`
copies the image, which is now what a device would hold, and mounts the copy: ext4 replays its journal as after any
crash. So whatever was acknowledged at any time must be on the copy, without a question of timing. (The device keeps what
it was given, in order: a drive that lies about its cache is not modelled.)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # syncing it costs nothing: what is tested is what reaches it
_BYTES = 48_000_000
_MKFS = "mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"  # nothing writes later
_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
_NO_LOG_FLUSH = struct.pack("I", 2)


class Disk:
    """Mounted at `folder` as long as `powered` lasts."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.folder = folder
        self._place = place
        self._image = place / "0.img"
        self._cuts = 0

    def format(self) -> None:
        with self._image.open("wb") as file:
            file.truncate(_BYTES)
        _run(*_MKFS, str(self._image))

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def power_off(self) -> None:
        cut_power(self.folder)

    def power_on(self) -> None:
        """Everybody who had a file open on it must be dead."""
        self._cuts += 1
        before, self._image = self._image, self._place / f"{self._cuts}.img"
        _run("cp", "--sparse=always", str(before), str(self._image))
        self.unmount()
        before.unlink()
        self.mount()


@contextmanager
def powered(folder: Path) -> Iterator[Disk]:
    """A new disk mounted at `folder`, which is made."""
    folder.mkdir()
    place = Path(tempfile.mkdtemp(prefix="disk-", dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None))
    disk = Disk(folder, place)
    try:
        disk.format()
        disk.mount()
        try:
            yield disk
        finally:
            disk.unmount()
    finally:
        shutil.rmtree(place)


def cut_power(folder: Path) -> None:
    """The ext4 file system mounted here gives nothing more to its device, from this moment on."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(handle, _SHUTDOWN, _NO_LOG_FLUSH)
    finally:
        os.close(handle)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
