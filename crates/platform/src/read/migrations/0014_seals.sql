-- 电子签章: signature and key of each paper ('' while it is not signed), and the published keys.
ALTER TABLE documents ADD COLUMN seal_key TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN signature TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN sealed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX documents_unsealed ON documents(issued_at, number) WHERE seal_key = '';
CREATE TABLE seal_keys(id TEXT PRIMARY KEY, pem TEXT NOT NULL, at BIGINT NOT NULL);
