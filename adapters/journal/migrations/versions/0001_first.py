"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """CREATE TABLE agreement (
        batch VARCHAR NOT NULL,
        person BLOB NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (batch, person)
    )""",
    """CREATE TABLE attempt (
        id INTEGER NOT NULL,
        run INTEGER NOT NULL,
        batch VARCHAR NOT NULL,
        operation VARCHAR NOT NULL,
        path VARCHAR NOT NULL,
        sealed BLOB NOT NULL,
        intent_at VARCHAR NOT NULL,
        sent_at VARCHAR,
        ended_at VARCHAR,
        tries INTEGER,
        seen VARCHAR,
        status INTEGER,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX attempt_of_batch ON attempt (batch)""",
    """CREATE TABLE attempt_serial (
        attempt INTEGER NOT NULL,
        serial VARCHAR NOT NULL,
        PRIMARY KEY (attempt, serial)
    )
     WITHOUT ROWID""",
    """CREATE INDEX attempt_of_serial ON attempt_serial (serial)""",
    """CREATE TABLE batch (
        "key" VARCHAR NOT NULL,
        ours BOOLEAN NOT NULL,
        blocked BOOLEAN DEFAULT '0' NOT NULL,
        problems VARCHAR DEFAULT '[]' NOT NULL,
        offline VARCHAR,
        online VARCHAR,
        agreed VARCHAR,
        online_id VARCHAR,
        status VARCHAR,
        mark_offline BLOB,
        mark_online BLOB,
        mark_agreed BLOB,
        read_back_at VARCHAR,
        entered_on VARCHAR,
        reviewed_on VARCHAR,
        PRIMARY KEY ("key")
    )""",
    """CREATE TABLE event (
        id INTEGER NOT NULL,
        at VARCHAR NOT NULL,
        batch VARCHAR NOT NULL,
        person BLOB,
        what VARCHAR NOT NULL,
        detail VARCHAR NOT NULL,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX event_of_batch ON event (batch, person)""",
    """CREATE TABLE file (
        path VARCHAR NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        read_at VARCHAR NOT NULL,
        problems VARCHAR NOT NULL,
        PRIMARY KEY (path)
    )""",
    """CREATE TABLE finding (
        id VARCHAR NOT NULL,
        code VARCHAR NOT NULL,
        batch VARCHAR NOT NULL,
        person BLOB NOT NULL,
        state VARCHAR NOT NULL,
        first_seen VARCHAR NOT NULL,
        last_seen VARCHAR NOT NULL,
        returned BOOLEAN NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX finding_open ON finding (state)""",
    """CREATE TABLE held (
        batch VARCHAR NOT NULL,
        person BLOB NOT NULL,
        PRIMARY KEY (batch, person)
    )
     WITHOUT ROWID""",
    """CREATE TABLE meta (
        "key" VARCHAR NOT NULL,
        value VARCHAR NOT NULL,
        PRIMARY KEY ("key")
    )""",
    """CREATE TABLE online (
        id INTEGER NOT NULL,
        batch VARCHAR NOT NULL,
        online_id VARCHAR NOT NULL,
        person BLOB NOT NULL,
        mark BLOB NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX online_of_batch ON online (batch, person)""",
    """CREATE TABLE outbox (
        message_id VARCHAR NOT NULL,
        sender VARCHAR NOT NULL,
        recipients VARCHAR NOT NULL,
        sealed BLOB NOT NULL,
        made_at VARCHAR NOT NULL,
        sent_at VARCHAR,
        tries INTEGER DEFAULT '0' NOT NULL,
        words VARCHAR DEFAULT '' NOT NULL,
        PRIMARY KEY (message_id)
    )""",
    """CREATE TABLE pair (
        batch VARCHAR NOT NULL,
        person BLOB NOT NULL,
        mark_offline BLOB,
        mark_online BLOB,
        mark_agreed BLOB,
        PRIMARY KEY (batch, person)
    )
     WITHOUT ROWID""",
    """CREATE INDEX pair_disagreeing ON pair (batch, person) WHERE mark_offline IS NOT mark_online""",
    """CREATE INDEX pair_of_person ON pair (person)""",
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
        UNIQUE (serial)
    )""",
    """CREATE INDEX revision_open ON revision (state) WHERE state <> 'agreed'""",
    """CREATE TABLE roster (
        id INTEGER NOT NULL,
        file VARCHAR NOT NULL,
        batch VARCHAR NOT NULL,
        sheet VARCHAR NOT NULL,
        "row" INTEGER NOT NULL,
        level VARCHAR NOT NULL,
        base VARCHAR NOT NULL,
        start VARCHAR NOT NULL,
        "end" VARCHAR NOT NULL,
        declared INTEGER,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX ix_roster_batch ON roster (batch)""",
    """CREATE INDEX ix_roster_file ON roster (file)""",
    """CREATE TABLE "row" (
        id INTEGER NOT NULL,
        file VARCHAR NOT NULL,
        sheet VARCHAR NOT NULL,
        "row" INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        roster INTEGER,
        batch VARCHAR,
        person BLOB,
        problems VARCHAR NOT NULL,
        sealed BLOB,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX ix_row_file ON "row" (file)""",
    """CREATE INDEX ix_row_roster ON "row" (roster)""",
    """CREATE INDEX row_of_batch ON "row" (batch, person)""",
    """CREATE TABLE run (
        id INTEGER NOT NULL,
        business_date VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        started_at VARCHAR NOT NULL,
        ended_at VARCHAR,
        state VARCHAR,
        numbers VARCHAR,
        PRIMARY KEY (id)
    )""",
    """CREATE INDEX ix_run_business_date ON run (business_date)""",
    """CREATE TABLE touched (
        batch VARCHAR NOT NULL,
        PRIMARY KEY (batch)
    )""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The journal is never taken back to an older schema: restore a backup instead.")
