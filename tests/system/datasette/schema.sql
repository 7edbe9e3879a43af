-- What stands behind the portal of tests/system/test_datasette.py. Uniqueness is the table's own business: the
-- same batch, serial or person cannot stand here twice, whoever writes.
CREATE TABLE batch (
  id INTEGER PRIMARY KEY,
  serial TEXT NOT NULL UNIQUE,
  year INTEGER NOT NULL,
  organiser TEXT NOT NULL,
  title TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('demonstration', 'municipal', 'district', 'unit')),
  base TEXT NOT NULL,
  starts_on TEXT NOT NULL,
  ends_on TEXT NOT NULL,
  people INTEGER NOT NULL,
  leaders INTEGER NOT NULL,
  stage TEXT NOT NULL DEFAULT 'open' CHECK (stage IN ('open', 'handed in', 'checked', 'sent back')),
  UNIQUE (year, organiser, title)
);

CREATE TABLE person (
  id INTEGER PRIMARY KEY,
  serial TEXT NOT NULL UNIQUE,
  batch_id INTEGER NOT NULL REFERENCES batch (id),
  full_name TEXT NOT NULL,
  id_kind INTEGER NOT NULL,
  id_card TEXT NOT NULL,
  phone TEXT NOT NULL,
  employer TEXT NOT NULL CHECK (length(employer) <= 20),
  category INTEGER NOT NULL,
  UNIQUE (batch_id, id_card)
);
CREATE INDEX person_of_batch ON person (batch_id);

-- Every row written, by anybody and by whatever way: what the tests count.
CREATE TABLE written (id INTEGER PRIMARY KEY, what TEXT NOT NULL, row INTEGER NOT NULL);
CREATE TRIGGER batch_added AFTER INSERT ON batch
BEGIN INSERT INTO written (what, row) VALUES ('batch added', new.id); END;
CREATE TRIGGER batch_changed AFTER UPDATE ON batch
BEGIN INSERT INTO written (what, row) VALUES ('batch changed', new.id); END;
CREATE TRIGGER person_added AFTER INSERT ON person
BEGIN INSERT INTO written (what, row) VALUES ('person added', new.id); END;
CREATE TRIGGER person_changed AFTER UPDATE ON person
BEGIN INSERT INTO written (what, row) VALUES ('person changed', new.id); END;
CREATE TRIGGER person_removed AFTER DELETE ON person
BEGIN INSERT INTO written (what, row) VALUES ('person removed', old.id); END;
