"""The program: one try/except for all of it."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run one command. Exit codes: 0 all agrees, 1 something is left to do, 2 config or usage, 3 brake."""
    gc.disable()  # what starting makes is no garbage: looking for some takes a twentieth of the time of --help
    from bridge.cli import app  # noqa: PLC0415  # nothing heavy before a command asks for it
    from bridge.cli.words import LANGUAGE  # noqa: PLC0415
    from schemas.errors import BridgeError  # noqa: PLC0415

    gc.enable()
    try:
        app()
    except BridgeError as error:
        sys.stderr.write(error.into(LANGUAGE) + "\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
