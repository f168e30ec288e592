-- 防枚举: how many codes that do not exist were asked for from one source (a digest), and since when.
CREATE TABLE query_misses(source TEXT PRIMARY KEY, missed BIGINT NOT NULL, since BIGINT NOT NULL);
CREATE INDEX query_misses_since ON query_misses(since);
