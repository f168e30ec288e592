CREATE TABLE guides(
  item TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, draft TEXT NOT NULL, draft_score BIGINT NOT NULL,
  version BIGINT NOT NULL, from_day BIGINT NOT NULL, retired_day BIGINT NOT NULL, updated_at BIGINT NOT NULL);

CREATE TABLE guide_versions(
  item TEXT NOT NULL, version BIGINT NOT NULL, from_day BIGINT NOT NULL, to_day BIGINT NOT NULL, score BIGINT NOT NULL,
  published_at BIGINT NOT NULL, note TEXT NOT NULL, words TEXT NOT NULL, effective TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY(item, version));
CREATE INDEX guide_versions_days ON guide_versions(from_day, to_day);

CREATE TABLE guide_files(
  id TEXT PRIMARY KEY, item TEXT NOT NULL, account_id TEXT NOT NULL, name TEXT NOT NULL, file_type TEXT NOT NULL, size BIGINT NOT NULL,
  preview BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX guide_files_account ON guide_files(account_id, at);

ALTER TABLE cases ADD COLUMN guide_version BIGINT NOT NULL DEFAULT 0;
