"""What the brake held and somebody has let through, each once; and a name of its own for this journal.

A frozen plan is good for one journal only: a copy of its folder with the same keys is the same one, a new journal is not.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    """CREATE TABLE review (
        hash VARCHAR NOT NULL,
        batch VARCHAR NOT NULL,
        run INTEGER NOT NULL,
        "by" VARCHAR NOT NULL,
        at VARCHAR NOT NULL,
        reasons VARCHAR NOT NULL,
        people INTEGER NOT NULL,
        mark_header BLOB,
        mark_agreed BLOB,
        PRIMARY KEY (hash)
    )""",
    """CREATE INDEX ix_review_batch ON review (batch)""",
    """INSERT INTO meta ("key", value) VALUES ('identity', lower(hex(randomblob(16))))""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
