"""The program: one try/except for all of it."""

from __future__ import annotations

import gc
import sys

CRASHED = 70
"""EX_SOFTWARE of sysexits(3)."""


def main() -> None:
    """Run one command. Exit codes: 0 all agrees, 1 something is left to do, 2 config or usage, 3 brake, 70 a bug."""
    gc.disable()  # what starting makes is no garbage: looking for some takes a twentieth of the time of --help
    from bridge.cli import app  # noqa: PLC0415  # nothing heavy before a command asks for it
    from bridge.cli.words import LANGUAGE, say  # noqa: PLC0415
    from schemas.errors import BridgeError  # noqa: PLC0415
    from schemas.texts import T  # noqa: PLC0415

    gc.enable()
    try:
        app()
    except BridgeError as error:
        sys.stderr.write(error.into(LANGUAGE) + "\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001  # told whole, and then in words
        sys.excepthook(*sys.exc_info())
        words = T(
            "This is a fault of the program itself. Nothing is lost and nothing is sent twice: the next run looks at the "
            "portal first and goes on from there. Send the lines above to whoever looks after the program; if it comes "
            "again, run lxy-bridge doctor."
        )
        sys.stderr.write(f"\n{say(words)}\n")
        sys.exit(CRASHED)


if __name__ == "__main__":
    main()
