-- 告知承诺: the day a check found the promise broken (0: never), which bars the unit from this way for a time.
ALTER TABLE cases ADD COLUMN broken_day BIGINT NOT NULL DEFAULT 0;
CREATE INDEX cases_broken ON cases(unit_id, broken_day) WHERE broken_day > 0;
