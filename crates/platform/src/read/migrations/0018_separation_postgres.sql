-- 三权分立 (S-08, A-28): on no day does one account hold an administrator's role beside any other role, whoever writes the row.
-- The lock makes two writers of one account's posts come one after the other.
CREATE FUNCTION posts_separation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(861018, hashtext(NEW.account_id));
  IF EXISTS(SELECT 1 FROM posts o WHERE o.account_id = NEW.account_id AND o.role <> NEW.role
    AND NOT (TG_OP = 'UPDATE' AND o.ctid = OLD.ctid)
    AND (o.role IN ('system_administrator', 'security_administrator', 'audit_administrator')
      OR NEW.role IN ('system_administrator', 'security_administrator', 'audit_administrator'))
    AND GREATEST(o.from_day, NEW.from_day) <= LEAST(COALESCE(o.to_day, 9999999), COALESCE(NEW.to_day, 9999999))) THEN
    RAISE EXCEPTION 'posts_separation' USING ERRCODE = 'check_violation', CONSTRAINT = 'posts_separation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER posts_separation BEFORE INSERT OR UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION posts_separation();
