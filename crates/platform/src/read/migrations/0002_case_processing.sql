ALTER TABLE cases ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN holder_name TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN in_force BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN settled_day BIGINT NOT NULL DEFAULT 9999999;
CREATE INDEX cases_holder ON cases(holder, owed, due_day, id) WHERE holder <> '';
CREATE INDEX cases_settled ON cases(settled_day, id) WHERE settled_day < 9999999;
