CREATE TABLE audit_entry(
  seq          BIGINT PRIMARY KEY,
  at           BIGINT NOT NULL,
  request      TEXT NOT NULL,
  face         TEXT NOT NULL,
  source       TEXT NOT NULL,
  session      TEXT NOT NULL,
  actor        TEXT NOT NULL,
  role         TEXT NOT NULL,
  organisation TEXT NOT NULL,
  method       TEXT NOT NULL,
  path         TEXT NOT NULL,
  object       TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  reason       TEXT NOT NULL,
  before       TEXT NOT NULL,
  after        TEXT NOT NULL,
  hash         BYTEA NOT NULL);
CREATE INDEX audit_entry_at ON audit_entry(at, seq);
CREATE INDEX audit_entry_actor ON audit_entry(actor, seq);
CREATE INDEX audit_entry_object ON audit_entry(object, seq);
CREATE INDEX audit_entry_request ON audit_entry(request);
-- Where the chains that run through the whole database stand.
CREATE TABLE chain(
  name TEXT PRIMARY KEY,
  seq  BIGINT NOT NULL,
  head BYTEA NOT NULL);
INSERT INTO chain(name, seq, head) VALUES('audit', 0, decode(repeat('00', 32), 'hex')), ('checkpoint', 0, decode(repeat('00', 32), 'hex'));
-- Checkpoints get a number, a chain and the head of the audit chain. No program took any before this step but imports.
DROP TABLE checkpoint;
CREATE TABLE checkpoint(
  number     BIGINT PRIMARY KEY,
  at         BIGINT NOT NULL,
  root       BYTEA NOT NULL,
  streams    BIGINT NOT NULL,
  events     BIGINT NOT NULL,
  tx         TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  audit_seq  BIGINT NOT NULL,
  audit_hash BYTEA NOT NULL,
  hash       BYTEA NOT NULL);
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE FUNCTION chain_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> OLD.seq + 1 OR NEW.name <> OLD.name THEN RAISE EXCEPTION 'chain only goes forward'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chain_forward BEFORE UPDATE ON chain FOR EACH ROW EXECUTE FUNCTION chain_forward();
CREATE TRIGGER chain_no_delete BEFORE DELETE OR TRUNCATE ON chain FOR EACH STATEMENT EXECUTE FUNCTION append_only();
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tzxm_app') THEN
    REVOKE ALL ON audit_entry, checkpoint, chain FROM tzxm_app;
    GRANT SELECT, INSERT ON audit_entry, checkpoint TO tzxm_app;
    GRANT SELECT, UPDATE ON chain TO tzxm_app;
  END IF;
END $$;
