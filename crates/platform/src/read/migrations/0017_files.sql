-- 文件: the wrapped data key of each stored file and where its sealed content lies. A file without a row lies in the clear (older than
-- this step) until it is sealed. Keys are no facts: they follow from no event.
CREATE TABLE object_keys(id TEXT PRIMARY KEY, place TEXT NOT NULL, sealed TEXT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX attachments_account ON attachments(account_id, at);
-- 封存件: what may be known of content that carries a marking (K-08); never a word of it, nor its name.
CREATE TABLE holds(
  id TEXT PRIMARY KEY, file_id TEXT NOT NULL, what TEXT NOT NULL, blocked BIGINT NOT NULL, rule TEXT NOT NULL, sm3 TEXT NOT NULL,
  size BIGINT NOT NULL, unit_id TEXT NOT NULL, account_id TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL, held_at BIGINT NOT NULL,
  reported_at BIGINT NOT NULL, ended_at BIGINT NOT NULL);
CREATE INDEX holds_state ON holds(state, held_at, id);
CREATE INDEX holds_sm3 ON holds(sm3, rule);
