-- 征求意见: what one organ asks another about a case.
CREATE TABLE consultations(
  id TEXT PRIMARY KEY, case_id TEXT NOT NULL, project_name TEXT NOT NULL, project_code TEXT NOT NULL, item_name TEXT NOT NULL,
  from_department TEXT NOT NULL, from_region TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, silence TEXT NOT NULL,
  state TEXT NOT NULL, reply_day BIGINT NOT NULL, asked_at BIGINT NOT NULL, ended_at BIGINT NOT NULL);
CREATE INDEX consultations_to ON consultations(department, region, state, asked_at);
CREATE INDEX consultations_from ON consultations(from_department, from_region, asked_at);
CREATE INDEX consultations_case ON consultations(case_id);
-- What the sweep looks for: questions without a reply, by their day.
CREATE INDEX consultations_open ON consultations(reply_day, id) WHERE state = 'asked';
