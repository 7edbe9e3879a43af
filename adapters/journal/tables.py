"""The journal's tables. Personal data lies only in columns named `sealed`; all others hold marks, codes, dates, counts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listens_for

metadata = MetaData()

writer = Table(
    "writer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),  # the fencing number: of the newest process that opened it to write
    Column("turn", Integer, nullable=False),  # so often requests were let go
    Column("epoch", Integer, nullable=False),
    Column("journal", String, nullable=False),
    Column("placed", Boolean, nullable=False),
)

fence = Table(
    "fence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("why", String, nullable=False),
    Column("since", String, nullable=False),
    Column("since_uptime_s", Float, nullable=False),
    Column("since_boot", String, nullable=False),
    Column("listed", Boolean, nullable=False),
)

passed = Table("passed", metadata, Column("batch", String, primary_key=True))

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

file = Table(
    "file",
    metadata,
    Column("path", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("read_at", String, nullable=False),
    Column("problems", String, nullable=False),
    Column("marks", String, nullable=False, server_default="{}"),  # JSON: sheet → hex
    Column("told", String, nullable=False, server_default=""),
    Column("arrived", Integer, nullable=False, server_default="0"),
    Column("as_old_as", Integer, nullable=False, server_default="0"),  # `arrived` of what it is a copy of, else its own
)

roster = Table(
    "roster",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file", String, nullable=False, index=True),
    Column("batch", String, nullable=False, index=True),
    Column("sheet", String, nullable=False),
    Column("row", Integer, nullable=False),
    Column("level", String, nullable=False),
    Column("base", String, nullable=False),
    Column("start", String, nullable=False),
    Column("end", String, nullable=False),
    Column("declared", Integer),
)

row = Table(
    "row",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file", String, nullable=False, index=True),
    Column("sheet", String, nullable=False),
    Column("row", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("roster", Integer, index=True),
    Column("batch", String),
    Column("person", LargeBinary),
    Column("problems", String, nullable=False),
    Column("sealed", LargeBinary),
    Index("row_of_batch", "batch", "person"),
)

superseded = Table(
    "superseded",
    metadata,
    Column("batch", String, primary_key=True),
    Column("file", String, primary_key=True),
    Column("by_file", String, nullable=False),
    Column("difference", String, nullable=False),  # JSON: schemas.superseded.Difference
    sqlite_with_rowid=False,
)

STANDING = """CREATE VIEW standing AS
    SELECT id, file, sheet, "row", kind, roster, batch, person, problems, sealed FROM "row" AS r
    WHERE NOT EXISTS (SELECT 1 FROM superseded AS s WHERE s.batch = r.batch AND s.file = r.file)"""
"""The rows of the lists that stand: all that is wanted, compared and told of."""


@listens_for(metadata, "after_create")
def _create_standing(_: MetaData, connection: Connection, **_options: object) -> None:
    connection.exec_driver_sql(STANDING)


batch = Table(
    "batch",
    metadata,
    Column("key", String, primary_key=True),
    Column("ours", Boolean, nullable=False),
    Column("blocked", Boolean, nullable=False, server_default="0"),
    Column("problems", String, nullable=False, server_default="[]"),
    Column("offline", String),
    Column("online", String),
    Column("agreed", String),
    Column("online_id", String),
    Column("status", String),
    Column("mark_offline", LargeBinary),
    Column("mark_online", LargeBinary),
    Column("mark_agreed", LargeBinary),
    Column("read_back_at", String),
    Column("entered_on", String),
    Column("reviewed_on", String),
    Column("people_read_at", String),
    Column("people_change", String),
    Column("times_online", Integer, nullable=False, server_default="1"),
)

touched = Table("touched", metadata, Column("batch", String, primary_key=True))

held = Table(
    "held",
    metadata,
    Column("batch", String, primary_key=True),
    Column("person", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

online = Table(
    "online",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String, nullable=False),
    Column("online_id", String, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("online_of_batch", "batch", "person"),
)

pair = Table(
    "pair",
    metadata,
    Column("batch", String, primary_key=True),
    Column("person", LargeBinary, primary_key=True),
    Column("mark_offline", LargeBinary),
    Column("mark_online", LargeBinary),
    Column("mark_agreed", LargeBinary),
    Index("pair_of_person", "person"),
    Index("pair_disagreeing", "batch", "person", sqlite_where=text("mark_offline IS NOT mark_online")),
    sqlite_with_rowid=False,
)

agreement = Table(
    "agreement",
    metadata,
    Column("batch", String, primary_key=True),
    Column("person", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("batch", String, primary_key=True),
    Column("person", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("serial", String, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("code", String, nullable=False, server_default=""),
    Column("sealed", LargeBinary),
    Column("since", String, nullable=False),
    Column("since_uptime_s", Float, nullable=False),
    Column("since_boot", String, nullable=False),
    UniqueConstraint("batch", "serial"),  # a serial alone would lie at random: each person of a request on a page apart
    Index("revision_open", "state", sqlite_where=text("state <> 'agreed'")),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("batch", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("path", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("intent_at", String, nullable=False),
    Column("sent_at", String),
    Column("ended_at", String),
    Column("tries", Integer),
    Column("seen", String),
    Column("status", Integer),
    Column("serials", String, nullable=False, server_default="[]"),  # JSON, in the order of the body
    Index("attempt_of_batch", "batch"),
)

keyed = Table(
    "keyed",
    metadata,
    Column("attempt", Integer, primary_key=True),
    Column("request_key", String, nullable=False),
    Column("first_at", String, nullable=False),
    Column("first_uptime_s", Float, nullable=False),
    Column("first_boot", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", String, primary_key=True),
    Column("code", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("first_seen", String, nullable=False),
    Column("last_seen", String, nullable=False),
    Column("returned", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("finding_open", "state"),
)

review = Table(
    "review",
    metadata,
    Column("hash", String, primary_key=True),
    Column("batch", String, nullable=False, index=True),
    Column("run", Integer, nullable=False),
    Column("by", String, nullable=False),
    Column("at", String, nullable=False),
    Column("reasons", String, nullable=False),
    Column("people", Integer, nullable=False),
    Column("mark_header", LargeBinary),
    Column("mark_agreed", LargeBinary),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("business_date", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("state", String),
    Column("numbers", String),
)

note = Table(
    "note",
    metadata,
    Column("said", String, primary_key=True),
    Column("basis", String, nullable=False),
    Column("noted_at", String, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String, primary_key=True),
    Column("sender", String, nullable=False),
    Column("recipients", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", String, nullable=False),
    Column("sent_at", String),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("words", String, nullable=False, server_default=""),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("person", LargeBinary),
    Column("what", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("serials", String),  # JSON: the revisions an answer spoke of, all at once
    Index("event_of_batch", "batch", "person"),
)
