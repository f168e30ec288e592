-- Views by zone.
CREATE INDEX audit_entry_face ON audit_entry(face, seq);
-- Archive files that hold the oldest audit records. A record leaves its table only when a row here covers it.
CREATE TABLE audit_archive(
  number    INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  last      INTEGER NOT NULL UNIQUE,
  prev      BLOB NOT NULL,
  head      BLOB NOT NULL,
  file      TEXT NOT NULL,
  digest    BLOB NOT NULL,
  key       TEXT NOT NULL,
  signature TEXT NOT NULL,
  hash      BLOB NOT NULL) STRICT;
INSERT INTO chain(name, seq, head) VALUES('archive', 0, zeroblob(32));
CREATE TRIGGER audit_archive_no_update BEFORE UPDATE ON audit_archive BEGIN SELECT RAISE(ABORT, 'audit_archive is append-only'); END;
CREATE TRIGGER audit_archive_no_delete BEFORE DELETE ON audit_archive BEGIN SELECT RAISE(ABORT, 'audit_archive is append-only'); END;
-- It goes on where the one before ended, ends with a record that is there, and no record of the last 180 days goes.
CREATE TRIGGER audit_archive_fits BEFORE INSERT ON audit_archive
WHEN new.first <> (SELECT COALESCE(MAX(last), 0) + 1 FROM audit_archive) OR new.last < new.first
  OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE seq = new.last AND hash = new.head AND at <= new.at - 15552000000)
BEGIN SELECT RAISE(ABORT, 'audit_archive covers only old records, in order'); END;
DROP TRIGGER audit_entry_no_delete;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry WHEN old.seq > (SELECT COALESCE(MAX(last), 0) FROM audit_archive)
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
