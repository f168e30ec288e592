-- 登录: what proves a person. Credentials, not facts (decision 0004); only the proposals of a reset follow from events.
ALTER TABLE sessions ADD COLUMN source TEXT NOT NULL DEFAULT '';
-- 1: the password was proved, the second factor is still owed.
ALTER TABLE sessions ADD COLUMN half BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN why_ended TEXT NOT NULL DEFAULT '';
-- Earlier passwords of an account; place grows.
CREATE TABLE old_passwords(account_id TEXT NOT NULL, place BIGINT NOT NULL, phc TEXT NOT NULL, PRIMARY KEY(account_id, place));
-- state: live, or new while it is being enrolled; step: the last one whose code was used.
CREATE TABLE second_factors(
  account_id TEXT NOT NULL, state TEXT NOT NULL, sealed TEXT NOT NULL, version BIGINT NOT NULL, step BIGINT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY(account_id, state));
CREATE TABLE recovery_codes(account_id TEXT NOT NULL, id TEXT NOT NULL, used_at BIGINT NOT NULL, PRIMARY KEY(account_id, id));
CREATE TABLE account_use(account_id TEXT PRIMARY KEY, used_at BIGINT NOT NULL);
CREATE TABLE sign_ins(id TEXT PRIMARY KEY, account_id TEXT NOT NULL, at BIGINT NOT NULL, source TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX sign_ins_account ON sign_ins(account_id, at);
CREATE TABLE factor_resets(
  account_id TEXT PRIMARY KEY, by_account TEXT NOT NULL, by_name TEXT NOT NULL, reason TEXT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL);
CREATE INDEX factor_resets_open ON factor_resets(at) WHERE state = 'open';
