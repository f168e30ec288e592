-- The organ an officer works at; officers of before are placed by a post they were given.
ALTER TABLE accounts ADD COLUMN department TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN region TEXT NOT NULL DEFAULT '';
UPDATE accounts SET region = COALESCE((SELECT MIN(p.region) FROM posts p WHERE p.account_id = accounts.id), '') WHERE face = 'office';
UPDATE accounts SET department = COALESCE(
  (SELECT MIN(p.department) FROM posts p WHERE p.account_id = accounts.id AND p.region = accounts.region), '') WHERE face = 'office';
CREATE INDEX accounts_organ ON accounts(face, region, department);
-- mac: HMAC-SM3 over account, organ, role and days, under a key outside of the database (S-25). Who gave it and why are for lists only.
ALTER TABLE posts ADD COLUMN given_by TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN mac TEXT NOT NULL DEFAULT '';
CREATE INDEX posts_organ ON posts(region, department, account_id);
CREATE INDEX posts_end ON posts(to_day, account_id);
-- Posts proposed by one security administrator; only a second one makes a row of posts of them.
CREATE TABLE post_proposals(
  account_id TEXT NOT NULL, at BIGINT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, role TEXT NOT NULL,
  from_day BIGINT NOT NULL, to_day BIGINT NOT NULL, by_account TEXT NOT NULL, by_name TEXT NOT NULL, reason TEXT NOT NULL,
  proposed_at BIGINT NOT NULL, state TEXT NOT NULL, PRIMARY KEY(account_id, at));
CREATE INDEX post_proposals_state ON post_proposals(state, proposed_at, account_id, at);
-- Rows of posts that do not carry their check value, or are not what the ledger says; each is reported once.
CREATE TABLE post_faults(
  account_id TEXT NOT NULL, post TEXT NOT NULL, what TEXT NOT NULL, found_at BIGINT NOT NULL, PRIMARY KEY(account_id, post, what));
-- Since when rows of posts carry check values; empty once, when the step was applied or a ledger was imported.
CREATE TABLE post_macs_since(id TEXT PRIMARY KEY, at BIGINT NOT NULL);
