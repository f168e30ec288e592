CREATE TABLE supervision_cards(
  id TEXT PRIMARY KEY, rule TEXT NOT NULL, rule_name TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL, occurrence TEXT NOT NULL,
  sentence TEXT NOT NULL, case_id TEXT NOT NULL, project_name TEXT NOT NULL, project_code TEXT NOT NULL, item_name TEXT NOT NULL,
  department TEXT NOT NULL, region TEXT NOT NULL, held_by TEXT NOT NULL, reply_day BIGINT NOT NULL, opened_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL, closed_at BIGINT NOT NULL, finding TEXT NOT NULL);
CREATE UNIQUE INDEX supervision_cards_hit ON supervision_cards(rule, occurrence);
CREATE INDEX supervision_cards_chase ON supervision_cards(reply_day, id) WHERE state <> 'closed';
CREATE INDEX supervision_cards_agency ON supervision_cards(department, region, state, reply_day, id);
CREATE INDEX supervision_cards_region ON supervision_cards(region, state, reply_day, id);
CREATE INDEX supervision_cards_case ON supervision_cards(case_id);

CREATE TABLE expediting_orders(
  id TEXT PRIMARY KEY, case_id TEXT NOT NULL, project_name TEXT NOT NULL, project_code TEXT NOT NULL, item_name TEXT NOT NULL,
  department TEXT NOT NULL, region TEXT NOT NULL, issuer_organ TEXT NOT NULL, state TEXT NOT NULL, reply_day BIGINT NOT NULL,
  issued_at BIGINT NOT NULL, replied_at BIGINT NOT NULL);
CREATE INDEX expediting_orders_agency ON expediting_orders(department, region, state, reply_day, id);
CREATE INDEX expediting_orders_region ON expediting_orders(region, state, reply_day, id);
CREATE INDEX expediting_orders_case ON expediting_orders(case_id);

-- How far each follower of the ledger's feed has come.
CREATE TABLE followers(name TEXT PRIMARY KEY, tx TEXT NOT NULL, seq BIGINT NOT NULL);
INSERT INTO followers(name, tx, seq) VALUES('supervision', '0', 0);

-- Moments of officers' last entries, kept for a day by the follower: bursts are seen in them.
CREATE TABLE supervision_entries(
  stream TEXT NOT NULL, version BIGINT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY(stream, version));
CREATE INDEX supervision_entries_actor ON supervision_entries(actor, at);
CREATE INDEX supervision_entries_at ON supervision_entries(at);

-- What the sweep and the map of lights look for: running cases by their last and their first yellow day.
CREATE INDEX cases_supervision_due ON cases(due_day, id) WHERE owed <> 'nothing';
CREATE INDEX cases_supervision_yellow ON cases(yellow_day, id) WHERE owed <> 'nothing';
CREATE INDEX cases_supervision_lights ON cases(region, department, suspended, due_day, yellow_day) WHERE owed <> 'nothing';
