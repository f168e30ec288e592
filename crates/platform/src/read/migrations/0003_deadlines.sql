CREATE TABLE deadlines(
  case_id TEXT NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL, yellow_day BIGINT NOT NULL, due_day BIGINT NOT NULL,
  provisional BIGINT NOT NULL, calendar BIGINT NOT NULL, PRIMARY KEY(case_id, kind));
CREATE INDEX deadlines_at ON deadlines(at, case_id);
CREATE INDEX deadlines_due ON deadlines(due_day, case_id);
CREATE INDEX deadlines_calendar ON deadlines(calendar, case_id);
INSERT INTO deadlines(case_id, kind, at, what, yellow_day, due_day, provisional, calendar)
  SELECT id, owed, 9223372036854775807, '', yellow_day, due_day, provisional, -1 FROM cases WHERE owed IN ('check', 'recheck', 'decide');

CREATE TABLE prompts(
  id TEXT PRIMARY KEY, at BIGINT NOT NULL, case_id TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, role TEXT NOT NULL,
  mark TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX prompts_post ON prompts(role, region, at, id);
CREATE TABLE prompt_readers(account_id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL);
