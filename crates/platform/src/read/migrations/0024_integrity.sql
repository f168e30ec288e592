-- 完整性 (S-25): check values of rows that rights, codes, decisions, papers and files stand on: HMAC-SM3 under a key outside of the database.
ALTER TABLE projects ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN seal_mac TEXT NOT NULL DEFAULT '';
ALTER TABLE seal_keys ADD COLUMN mac TEXT NOT NULL DEFAULT '';
-- Whose key it is ('' the platform's) and the certificate for it.
ALTER TABLE seal_keys ADD COLUMN organ TEXT NOT NULL DEFAULT '';
ALTER TABLE seal_keys ADD COLUMN certificate TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE delegations ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN mac TEXT NOT NULL DEFAULT '';
-- sm3, preview_sm3: of the stored bytes, sealed as they are; '' where there is no such part.
ALTER TABLE object_keys ADD COLUMN sm3 TEXT NOT NULL DEFAULT '';
ALTER TABLE object_keys ADD COLUMN preview_sm3 TEXT NOT NULL DEFAULT '';
ALTER TABLE object_keys ADD COLUMN mac TEXT NOT NULL DEFAULT '';
-- Rows that follow from no event, once more and sealed: what a changed one is written anew from. id: table, colon, key.
CREATE TABLE row_copies(id TEXT PRIMARY KEY, sealed TEXT NOT NULL);
-- What was found changed behind the platform, each once; mended_at 0: it could not be restored.
CREATE TABLE integrity_faults(
  id TEXT PRIMARY KEY, place TEXT NOT NULL, what TEXT NOT NULL, row_key TEXT NOT NULL, name TEXT NOT NULL, found_at BIGINT NOT NULL,
  mended_at BIGINT NOT NULL, times BIGINT NOT NULL);
CREATE INDEX integrity_faults_found ON integrity_faults(found_at, id);
-- 时间戳 (RFC 3161) over lists of sealed papers; stamp: that of a paper, '' while there is none.
ALTER TABLE documents ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_unstamped ON documents(sealed_at, number) WHERE stamp = '' AND seal_key <> '';
CREATE TABLE time_stamps(
  id TEXT PRIMARY KEY, said BIGINT NOT NULL, digest TEXT NOT NULL, list TEXT NOT NULL, answer TEXT NOT NULL);
-- 1: handed in with something; from then on nobody takes it away.
ALTER TABLE attachments ADD COLUMN taken BIGINT NOT NULL DEFAULT 0;
-- Files whose key was destroyed and that still lie on the disk: a crash between the two is made up for (S-32).
CREATE TABLE removed_objects(place TEXT PRIMARY KEY, at BIGINT NOT NULL);
-- Since when rows carry check values; empty once, when the step was applied or a ledger was imported.
CREATE TABLE check_values_since(id TEXT PRIMARY KEY, at BIGINT NOT NULL);
