"""Where a portal honours the key of a request (K2): what it takes to send one again, byte for byte under the same key."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """CREATE TABLE keyed (
        attempt INTEGER NOT NULL,
        request_key VARCHAR NOT NULL,
        first_at VARCHAR NOT NULL,
        first_uptime_s FLOAT NOT NULL,
        first_boot VARCHAR NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (attempt)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
