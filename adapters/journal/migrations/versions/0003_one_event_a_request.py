"""Less to write for each person sent: an attempt and its events name their serials in one place, not in a row each.

A serial is unique within its batch: it is made from the batch's key, and an index on it alone would scatter the people of
one request over as many pages.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """ALTER TABLE event ADD COLUMN serials VARCHAR""",
    """ALTER TABLE attempt ADD COLUMN serials VARCHAR DEFAULT '[]' NOT NULL""",
    """UPDATE attempt SET serials =
        (SELECT json_group_array(serial) FROM attempt_serial WHERE attempt_serial.attempt = attempt.id)""",
    """DROP TABLE attempt_serial""",
    """DROP INDEX revision_open""",
    """ALTER TABLE revision RENAME TO revision_before""",
    """CREATE TABLE revision (
        batch VARCHAR NOT NULL,
        person BLOB NOT NULL,
        number INTEGER NOT NULL,
        serial VARCHAR NOT NULL,
        mark BLOB NOT NULL,
        state VARCHAR NOT NULL,
        code VARCHAR DEFAULT '' NOT NULL,
        sealed BLOB,
        since VARCHAR NOT NULL,
        since_uptime_s FLOAT NOT NULL,
        since_boot VARCHAR NOT NULL,
        PRIMARY KEY (batch, person, number),
        UNIQUE (batch, serial)
    )""",
    """INSERT INTO revision SELECT batch, person, number, serial, mark, state, code, sealed, since, since_uptime_s,
        since_boot FROM revision_before ORDER BY batch, person, number""",
    """DROP TABLE revision_before""",
    """CREATE INDEX revision_open ON revision (state) WHERE state <> 'agreed'""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
