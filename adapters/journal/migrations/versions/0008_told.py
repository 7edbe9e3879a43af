"""What the reader of a file was told beside it: other settings read the same bytes differently."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE file ADD COLUMN told VARCHAR DEFAULT '' NOT NULL")


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
