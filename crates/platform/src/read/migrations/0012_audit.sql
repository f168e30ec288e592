-- Records are chained in table audit_entry of the ledger from here on; those kept before stay as they are.
DROP INDEX audit_at;
ALTER TABLE audit RENAME TO audit_before_chain;
-- Each verification of the whole database: asked for by a person (or 'system', once a day), answered by a node.
CREATE TABLE verifications(
  id TEXT PRIMARY KEY, asked_at BIGINT NOT NULL, asked_by TEXT NOT NULL, ended_at BIGINT NOT NULL, found BIGINT NOT NULL,
  first TEXT NOT NULL, events BIGINT NOT NULL, records BIGINT NOT NULL, checkpoints BIGINT NOT NULL, root TEXT NOT NULL);
CREATE INDEX verifications_asked ON verifications(asked_at, id);
