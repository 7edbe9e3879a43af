"""What stands for all that each sheet of a file shows: a sheet that shows the same is not read again."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE file ADD COLUMN marks VARCHAR DEFAULT '{}' NOT NULL")


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
