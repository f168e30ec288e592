CREATE TABLE alarms(
  id TEXT PRIMARY KEY, number BIGINT NOT NULL, rule TEXT NOT NULL, rule_name TEXT NOT NULL, severity TEXT NOT NULL, subject TEXT NOT NULL,
  about TEXT NOT NULL, state TEXT NOT NULL, count BIGINT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, raised_at BIGINT NOT NULL,
  report_by BIGINT NOT NULL, reported_at BIGINT NOT NULL, closed_at BIGINT NOT NULL, finding TEXT NOT NULL);
CREATE UNIQUE INDEX alarms_number ON alarms(number);
-- The same attack has one running alarm.
CREATE UNIQUE INDEX alarms_running ON alarms(rule, about) WHERE state <> 'closed';
CREATE INDEX alarms_state ON alarms(state, number);

-- Audit records that count towards an alarm that is not raised yet; kept as long as the longest window.
CREATE TABLE detection_marks(
  rule TEXT NOT NULL, about TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL, PRIMARY KEY(rule, about, seq));
CREATE INDEX detection_marks_at ON detection_marks(at);

-- Detection begins with the records to come.
INSERT INTO followers(name, tx, seq) SELECT 'detection', '0', COALESCE(MAX(seq), 0) FROM audit_entry;
