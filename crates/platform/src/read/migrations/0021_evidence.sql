-- When the platform last warned that the store of the audit fills: once a day, whichever node sees it.
CREATE TABLE evidence_notices(name TEXT PRIMARY KEY, at BIGINT NOT NULL);
INSERT INTO evidence_notices(name, at) VALUES('filling', 0), ('full', 0);

-- Archiving of audit records: asked for by the audit administrator, carried out by the node that holds the lease (no fact).
CREATE TABLE archivings(
  id TEXT PRIMARY KEY, asked_at BIGINT NOT NULL, asked_by TEXT NOT NULL, request TEXT NOT NULL, until_seq BIGINT NOT NULL, total BIGINT NOT NULL,
  done BIGINT NOT NULL, files BIGINT NOT NULL, ended_at BIGINT NOT NULL, fault TEXT NOT NULL, lease BIGINT NOT NULL);
CREATE UNIQUE INDEX archivings_running ON archivings(ended_at) WHERE ended_at = 0;
CREATE INDEX archivings_asked ON archivings(asked_at, id);

-- How far the collector has confirmed the records of a stream; one node sends under a lease (no fact).
CREATE TABLE forwarding(stream TEXT PRIMARY KEY, seq BIGINT NOT NULL, at BIGINT NOT NULL, holder TEXT NOT NULL, lease BIGINT NOT NULL);
INSERT INTO forwarding(stream, seq, at, holder, lease) VALUES('audit', 0, 0, '', 0);

-- What was delivered or given up long ago leaves the table of deliveries; the facts stay in their streams.
CREATE INDEX deliveries_ended ON deliveries(recorded_at, id) WHERE state <> 'waiting';
