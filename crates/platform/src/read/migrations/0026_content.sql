-- Files that still wait for the scanner or to be read (U-10, K-06). No facts: a row is there as long as its file is `scanning`.
-- hold_id: where the key of a file that must still be read lies, and as what it is held if a marking is found; empty: only the
-- scanner is owed. next_at: from when a node may take it, its lease while one does.
CREATE TABLE file_checks(
  file_id TEXT PRIMARY KEY, hold_id TEXT NOT NULL, account_id TEXT NOT NULL, source TEXT NOT NULL, of_unit BIGINT NOT NULL,
  tries BIGINT NOT NULL, next_at BIGINT NOT NULL);
CREATE INDEX file_checks_due ON file_checks(next_at, file_id);
INSERT INTO file_checks(file_id, hold_id, account_id, source, of_unit, tries, next_at)
  SELECT id, '', account_id, '', 0, 0, 0 FROM attachments WHERE state = 'scanning';
