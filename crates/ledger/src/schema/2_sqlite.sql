CREATE TABLE audit_entry(
  seq          INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  request      TEXT NOT NULL,
  face         TEXT NOT NULL,
  source       TEXT NOT NULL,
  session      TEXT NOT NULL,
  actor        TEXT NOT NULL,
  role         TEXT NOT NULL,
  organisation TEXT NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  object       TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  reason       TEXT NOT NULL,
  before       TEXT NOT NULL,
  after        TEXT NOT NULL,
  hash         BLOB NOT NULL) STRICT;
CREATE INDEX audit_entry_at ON audit_entry(at, seq);
CREATE INDEX audit_entry_actor ON audit_entry(actor, seq);
CREATE INDEX audit_entry_object ON audit_entry(object, seq);
CREATE INDEX audit_entry_request ON audit_entry(request);
-- Where the chains that run through the whole database stand.
CREATE TABLE chain(
  name TEXT PRIMARY KEY,
  seq  INTEGER NOT NULL,
  head BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO chain(name, seq, head) VALUES('audit', 0, zeroblob(32)), ('checkpoint', 0, zeroblob(32));
-- Checkpoints get a number, a chain and the head of the audit chain. No program took any before this step but imports.
DROP TABLE checkpoint;
CREATE TABLE checkpoint(
  number     INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  root       BLOB NOT NULL,
  streams    INTEGER NOT NULL,
  events     INTEGER NOT NULL,
  tx         TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  audit_seq  INTEGER NOT NULL,
  audit_hash BLOB NOT NULL,
  hash       BLOB NOT NULL) STRICT;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
CREATE TRIGGER chain_forward BEFORE UPDATE ON chain WHEN new.seq <> old.seq + 1 OR new.name <> old.name BEGIN SELECT RAISE(ABORT, 'chain only goes forward'); END;
CREATE TRIGGER chain_no_delete BEFORE DELETE ON chain BEGIN SELECT RAISE(ABORT, 'chain is never deleted'); END;
