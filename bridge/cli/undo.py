"""How each command is undone, or that it cannot be: the last lines of its --help, and of what it prints where it changed something."""

from collections.abc import Mapping

from schemas.texts import T, Text

NOTHING = T("There is nothing to undo: it changes nothing.")
ONLINE = T(
    "There is no undo: nothing is ever deleted online. What was entered wrongly is corrected in the ledger, or online by hand."
)

UNDO: Mapping[str, Text] = {
    "init": T("Undo: delete the folder, as long as nothing was entered online with it."),
    "check": NOTHING,
    "read": NOTHING,
    "sync": ONLINE,
    "resync": ONLINE,
    "uploaded": T("Undo: void."),
    "void": T("There is no undo."),
    "reconcile": T(
        "There is nothing to undo: nothing is written online; findings are opened and settled anew by each run."
    ),
    "report": T("Undo: delete its files. A mail that was sent cannot be called back."),
    "findings": NOTHING,
    "explain": NOTHING,
    "status": NOTHING,
    "backup": T("Undo: delete the file."),
    "drill": NOTHING,
    "restore": T("Undo: restore the journal that was kept aside; its name is printed."),
    "takeover": T("There is no undo, and none is needed: the next run goes on where the silent one stopped."),
    "run": T("There is no undo for what it enters online; it ends with Ctrl-C or SIGTERM."),
    "practice": T("Undo: delete its folder. Nothing outside of it is touched."),
    "demo": T("Undo: delete its folder. Nothing outside of it is touched."),
    "new": T("Undo: delete the file."),
    "show": NOTHING,
    "probe": NOTHING,
}
"""By the name of the command; `dialect` has its own `check`."""
