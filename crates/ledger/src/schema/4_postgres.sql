-- Views by zone.
CREATE INDEX audit_entry_face ON audit_entry(face, seq);
-- Archive files that hold the oldest audit records. A record leaves its table only when a row here covers it.
CREATE TABLE audit_archive(
  number    BIGINT PRIMARY KEY,
  at        BIGINT NOT NULL,
  first     BIGINT NOT NULL,
  last      BIGINT NOT NULL UNIQUE,
  prev      BYTEA NOT NULL,
  head      BYTEA NOT NULL,
  file      TEXT NOT NULL,
  digest    BYTEA NOT NULL,
  key       TEXT NOT NULL,
  signature TEXT NOT NULL,
  hash      BYTEA NOT NULL);
INSERT INTO chain(name, seq, head) VALUES('archive', 0, decode(repeat('00', 32), 'hex'));
CREATE TRIGGER audit_archive_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_archive FOR EACH STATEMENT EXECUTE FUNCTION append_only();
-- It goes on where the one before ended, ends with a record that is there, and no record of the last 180 days goes.
CREATE FUNCTION audit_archive_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.first <> (SELECT COALESCE(MAX(last), 0) + 1 FROM audit_archive) OR NEW.last < NEW.first
    OR NOT EXISTS (SELECT FROM audit_entry WHERE seq = NEW.last AND hash = NEW.head AND at <= NEW.at - 15552000000)
  THEN RAISE EXCEPTION 'audit_archive covers only old records, in order'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_archive_fits BEFORE INSERT ON audit_archive FOR EACH ROW EXECUTE FUNCTION audit_archive_fits();
DROP TRIGGER audit_entry_append_only ON audit_entry;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE FUNCTION audit_entry_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.seq > (SELECT COALESCE(MAX(last), 0) FROM audit_archive) THEN RAISE EXCEPTION 'audit_entry is append-only'; END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_archived();
-- The serving role may not delete; this is its only way, and it reaches archived records only.
CREATE FUNCTION audit_prune(until BIGINT) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM audit_entry WHERE seq <= LEAST(until, (SELECT COALESCE(MAX(last), 0) FROM audit_archive));
$$;
REVOKE ALL ON FUNCTION audit_prune(BIGINT) FROM PUBLIC;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tzxm_app') THEN
    REVOKE ALL ON audit_archive FROM tzxm_app;
    GRANT SELECT, INSERT ON audit_archive TO tzxm_app;
    GRANT EXECUTE ON FUNCTION audit_prune(BIGINT) TO tzxm_app;
  END IF;
END $$;
