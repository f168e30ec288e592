CREATE TABLE event(
  seq         INTEGER PRIMARY KEY,
  stream_id   TEXT NOT NULL,
  version     INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  data        TEXT NOT NULL,
  at          INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  actor       TEXT NOT NULL,
  cause       TEXT NOT NULL,
  commitment  BLOB,
  hash        BLOB NOT NULL,
  UNIQUE(stream_id, version)) STRICT;
CREATE TABLE stream(
  id      TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  head    BLOB NOT NULL,
  state   TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE secret(
  stream_id  TEXT NOT NULL,
  version    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  key_id     TEXT NOT NULL,
  nonce      BLOB NOT NULL,
  sealed     BLOB,
  commitment BLOB NOT NULL,
  PRIMARY KEY(stream_id, version, name),
  CONSTRAINT secret_nonce UNIQUE(key_id, nonce)) STRICT;
CREATE TABLE checkpoint(
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  root    BLOB NOT NULL,
  streams INTEGER NOT NULL,
  events  INTEGER NOT NULL,
  tx      TEXT NOT NULL,
  seq     INTEGER NOT NULL) STRICT;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
