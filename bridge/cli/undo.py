"""How each command is undone, or that it cannot be: said by `--help`, and by the command once it has changed something.

A command without its line here does not start.
"""

from collections.abc import Mapping

from schemas.texts import T, Text

LOOKS = T("It changes nothing, so there is nothing to undo.")
COMPARES = T("It writes nothing online, so there is nothing to undo.")
_WRITES = T(
    "There is no undo: the program deletes nothing online. What is wrong is corrected in the ledger, or online by hand."
)
EXPORTED = T(
    'Nothing was written online. Undo: lxy-bridge void "{batch}" --why WHY; the next run then exports it anew.',
    batch="BATCH",
)
"""In place of these where people carry the files: what a run wrote are files, which still lie here."""
_FOLDER = T("Undo: delete the folder {path}.", path="DIR")

UNDO: Mapping[str, Text] = {
    "init": T("Undo: delete the folder {path}, as long as nothing was entered with its keys and journal.", path="DIR"),
    "new-journal": T("Undo: delete {path} before the next run, and put the old journal in its place.", path="FILE"),
    "check": LOOKS,
    "read": T("Undo: delete {path}; without --mark there is nothing to undo.", path="OUT.xlsx"),
    "sync": _WRITES,
    "plan": T("Undo: delete {path}; nothing was written online.", path="FILE"),
    "apply": _WRITES,
    "resync": _WRITES,
    "uploaded": T('Undo: lxy-bridge void "{batch}" --why WHY; the next run then exports it anew.', batch="BATCH"),
    "settle": T(
        "Undo: lxy-bridge settle {name} {other} --by WHO; once the next run has sent anew what was said to be absent,"
        " there is none.",
        name="MARK|BATCH",
        other="--stored|--absent",
    ),
    "void": T("There is no undo."),
    "reconcile": COMPARES,
    "report": T("Undo: delete the files it wrote; a mail that was sent cannot be called back."),
    "findings": LOOKS,
    "explain": LOOKS,
    "status": LOOKS,
    "backup": T("Undo: delete {path}.", path="FILE"),
    "drill": LOOKS,
    "restore": T("Undo: lxy-bridge restore {path} --yes --lose-newer", path="FILE"),
    "takeover": T("There is no undo, and none is needed: the next run goes on where the silent one stopped."),
    "run": _WRITES,
    "practice": _FOLDER,
    "demo": _FOLDER,
    "mapping export": T("Undo: delete {path}.", path="FILE.xlsx"),
    "mapping import": T("Undo: delete these words from [aliases] in {path}.", path="config.toml"),
    "dialect new": T("Undo: delete {path}.", path="FILE"),
    "dialect check": LOOKS,
    "dialect show": LOOKS,
    "dialect probe": LOOKS,
}
