-- 委托: posts handed over for a time, with who did it; the post itself stands in posts.
CREATE TABLE delegations(
  account_id TEXT NOT NULL, at BIGINT NOT NULL, name TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, role TEXT NOT NULL,
  from_day BIGINT NOT NULL, to_day BIGINT NOT NULL, by_account TEXT NOT NULL, by_name TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY(account_id, at));
CREATE INDEX delegations_by ON delegations(by_account, from_day);
