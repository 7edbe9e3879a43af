"""The practice portal's tables, and what is said to them."""

from __future__ import annotations

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    year INTEGER NOT NULL, organizerName TEXT NOT NULL, batchName TEXT NOT NULL, level TEXT NOT NULL,
    baseName TEXT NOT NULL, startDate TEXT NOT NULL, endDate TEXT NOT NULL,
    personNum INTEGER NOT NULL, leaderNum INTEGER NOT NULL, releaseStatus TEXT NOT NULL, updateTime TEXT NOT NULL,
    copy INTEGER NOT NULL,  -- 0, but where the weather lets doubles in
    UNIQUE (year, organizerName, batchName, copy)
);
CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, batchId INTEGER NOT NULL REFERENCES batch (id),
    fullName TEXT NOT NULL, idType TEXT NOT NULL, idCard TEXT NOT NULL, userPhone TEXT NOT NULL,
    laborName TEXT NOT NULL, personType TEXT NOT NULL, updateTime TEXT NOT NULL, copy INTEGER NOT NULL,
    UNIQUE (batchId, idType, idCard, copy)
);
-- effects that may not be in the ledger yet: a crash between commit and append loses none
CREATE TABLE IF NOT EXISTS effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
-- what was done for each serial, which a portal of class K1 does not do again
CREATE TABLE IF NOT EXISTS done (serial TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
-- an id of one table is never an id of the other, so that mixing them up shows
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'person', 1000000 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'person');
"""
ADD_BATCH = """
INSERT INTO batch (year, organizerName, batchName, level, baseName, startDate, endDate, personNum, leaderNum,
                   releaseStatus, updateTime, copy)
VALUES (:year, :organizerName, :batchName, :level, :baseName, :startDate, :endDate, :personNum, :leaderNum,
        :releaseStatus, :updateTime, :doubles *
        (SELECT count(*) FROM batch WHERE (year, organizerName, batchName) = (:year, :organizerName, :batchName)))
ON CONFLICT DO NOTHING RETURNING id"""
SET_BATCH = """
UPDATE OR IGNORE batch SET year = :year, organizerName = :organizerName, batchName = :batchName, level = :level,
    baseName = :baseName, startDate = :startDate, endDate = :endDate, personNum = :personNum, leaderNum = :leaderNum,
    releaseStatus = :releaseStatus, updateTime = :updateTime
WHERE id = :id"""
ADD_PERSON = """
INSERT INTO person (batchId, fullName, idType, idCard, userPhone, laborName, personType, updateTime, copy)
VALUES (:batchId, :fullName, :idType, :idCard, :userPhone, :laborName, :personType, :updateTime, :doubles *
        (SELECT count(*) FROM person WHERE (batchId, idType, idCard) = (:batchId, :idType, :idCard)))
ON CONFLICT DO NOTHING RETURNING id"""
SET_PERSON = """
UPDATE OR IGNORE person SET fullName = :fullName, idType = :idType, idCard = :idCard, userPhone = :userPhone,
    laborName = :laborName, personType = :personType, updateTime = :updateTime
WHERE id = :id"""
COUNT_BATCHES = "SELECT count(*) FROM batch WHERE :year IS NULL OR year = :year"
LIST_BATCHES = """
SELECT batch.*, (SELECT count(*) FROM person WHERE batchId = batch.id) AS realNum FROM batch
WHERE :year IS NULL OR year = :year ORDER BY id LIMIT :size OFFSET :start"""
LIST_PEOPLE = "SELECT * FROM person WHERE batchId = :batch ORDER BY id LIMIT :size OFFSET :start"
DONE = "INSERT INTO done (serial, id) VALUES (?, ?) ON CONFLICT DO NOTHING"
SPARE_ID = "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'person' RETURNING seq"
