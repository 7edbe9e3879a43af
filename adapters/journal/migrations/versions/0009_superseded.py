"""Of several lists of one batch the newest stands: when files came, which lists are set aside, and the rows that stand.

Whatever several files speak of is looked at anew.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    "ALTER TABLE file ADD COLUMN arrived INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE file ADD COLUMN as_old_as INTEGER DEFAULT '0' NOT NULL",
    """UPDATE file SET arrived = (SELECT number FROM
        (SELECT path, row_number() OVER (ORDER BY read_at, mtime_ns, path) AS number FROM file) AS came
        WHERE came.path = file.path)""",
    """UPDATE file SET as_old_as = (SELECT min(arrived) FROM file AS first WHERE first.sha256 = file.sha256)""",
    """CREATE TABLE superseded (
        batch VARCHAR NOT NULL,
        file VARCHAR NOT NULL,
        by_file VARCHAR NOT NULL,
        difference VARCHAR NOT NULL,
        PRIMARY KEY (batch, file)
    )
     WITHOUT ROWID""",
    """CREATE VIEW standing AS
        SELECT id, file, sheet, "row", kind, roster, batch, person, problems, sealed FROM "row" AS r
        WHERE NOT EXISTS (SELECT 1 FROM superseded AS s WHERE s.batch = r.batch AND s.file = r.file)""",
    """INSERT INTO touched (batch) SELECT batch FROM roster WHERE true GROUP BY batch HAVING count(DISTINCT file) > 1
        ON CONFLICT DO NOTHING""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
