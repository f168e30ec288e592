-- 数据导出 (A-21): one row each; follows from events.
CREATE TABLE exports(
  id TEXT PRIMARY KEY,
  what TEXT NOT NULL,
  account_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  department TEXT NOT NULL,
  region TEXT NOT NULL,
  rows_asked BIGINT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  ready_at BIGINT NOT NULL,
  taken_at BIGINT NOT NULL);
CREATE INDEX exports_mine ON exports(account_id, asked_at, id);
CREATE INDEX exports_all ON exports(asked_at, id);
CREATE INDEX exports_waiting ON exports(state, asked_at, id);

-- What one account used up of a daily quota (A-21, S-34). Working state, no fact.
CREATE TABLE daily_use(
  id TEXT PRIMARY KEY,
  day BIGINT NOT NULL,
  n BIGINT NOT NULL);
CREATE INDEX daily_use_day ON daily_use(day);

-- New addresses of notifications that do not count yet (A-08); follows from events.
CREATE TABLE address_changes(account_id TEXT PRIMARY KEY, due_at BIGINT NOT NULL);
CREATE INDEX address_changes_due ON address_changes(due_at);
-- Addresses that have to be told of a change. Working state: next_at is also the lease of the node that tells them.
CREATE TABLE address_notices(
  account_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  PRIMARY KEY(account_id, version));
CREATE INDEX address_notices_next ON address_notices(next_at);

-- Posts held when a session of the office began: with a further one it ends (A-22).
ALTER TABLE sessions ADD COLUMN held TEXT NOT NULL DEFAULT '';

-- Proofs of work that were used up (A-07). Working state.
CREATE TABLE work_spent(id TEXT PRIMARY KEY, until BIGINT NOT NULL);
CREATE INDEX work_spent_until ON work_spent(until);
