"""Who may write, how often what was sent, and whether this is still the journal it was.

A journal made before this has no file beside it yet: it is `placed` at its first opening, without a fence.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """CREATE TABLE writer (
        id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        journal VARCHAR NOT NULL,
        placed BOOLEAN NOT NULL,
        PRIMARY KEY (id)
    )""",
    """INSERT INTO writer (id, number, turn, epoch, journal, placed)
        VALUES (1, 0, 0, 1, lower(hex(randomblob(16))), 0)""",
    """CREATE TABLE fence (
        id INTEGER NOT NULL,
        why VARCHAR NOT NULL,
        since VARCHAR NOT NULL,
        since_uptime_s FLOAT NOT NULL,
        since_boot VARCHAR NOT NULL,
        listed BOOLEAN NOT NULL,
        PRIMARY KEY (id)
    )""",
    """CREATE TABLE passed (batch VARCHAR NOT NULL, PRIMARY KEY (batch))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
