"""When each batch's people were last listed and under which change mark, how often a batch is listed, and notes."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE batch ADD COLUMN people_read_at VARCHAR",
    "ALTER TABLE batch ADD COLUMN people_change VARCHAR",
    "ALTER TABLE batch ADD COLUMN times_online INTEGER DEFAULT '1' NOT NULL",
    """CREATE TABLE note (
        said VARCHAR NOT NULL,
        basis VARCHAR NOT NULL,
        noted_at VARCHAR NOT NULL,
        PRIMARY KEY (said)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
