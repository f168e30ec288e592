-- 三权分立 (S-08, A-28): on no day does one account hold an administrator's role beside any other role, whoever writes the row.
CREATE TRIGGER posts_separation_insert BEFORE INSERT ON posts WHEN EXISTS(
  SELECT 1 FROM posts o WHERE o.account_id = NEW.account_id AND o.role <> NEW.role
  AND (o.role IN ('system_administrator', 'security_administrator', 'audit_administrator')
    OR NEW.role IN ('system_administrator', 'security_administrator', 'audit_administrator'))
  AND MAX(o.from_day, NEW.from_day) <= MIN(COALESCE(o.to_day, 9999999), COALESCE(NEW.to_day, 9999999)))
BEGIN SELECT RAISE(ABORT, 'posts_separation'); END;
CREATE TRIGGER posts_separation_update BEFORE UPDATE ON posts WHEN EXISTS(
  SELECT 1 FROM posts o WHERE o.account_id = NEW.account_id AND o.role <> NEW.role AND o.rowid <> OLD.rowid
  AND (o.role IN ('system_administrator', 'security_administrator', 'audit_administrator')
    OR NEW.role IN ('system_administrator', 'security_administrator', 'audit_administrator'))
  AND MAX(o.from_day, NEW.from_day) <= MIN(COALESCE(o.to_day, 9999999), COALESCE(NEW.to_day, 9999999)))
BEGIN SELECT RAISE(ABORT, 'posts_separation'); END;
