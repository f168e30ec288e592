-- Files that still wait for the scanner or to be read (U-10, K-06). No facts: a row is there as long as its file is `scanning`.
-- hold_id: where the key of a file that must still be read lies, and as what it is held if a marking is found; empty: only the
-- scanner is owed. next_at: from when a node may take it, its lease while one does.
CREATE TABLE file_checks(
  file_id TEXT PRIMARY KEY, hold_id TEXT NOT NULL, account_id TEXT NOT NULL, source TEXT NOT NULL, of_unit BIGINT NOT NULL,
  tries BIGINT NOT NULL, next_at BIGINT NOT NULL);
CREATE INDEX file_checks_due ON file_checks(next_at, file_id);
INSERT INTO file_checks(file_id, hold_id, account_id, source, of_unit, tries, next_at)
  SELECT id, '', account_id, '', 0, 0, 0 FROM attachments WHERE state = 'scanning';

-- 公开结果 (S-55): what the public is shown, filled by the publication of a result alone. Results of before are public again once
-- they are reviewed, or their kind is.
CREATE TABLE public_results(
  case_id TEXT PRIMARY KEY, project_id TEXT NOT NULL, item_name TEXT NOT NULL, agency_name TEXT NOT NULL, outcome TEXT NOT NULL,
  document_number TEXT NOT NULL, title TEXT NOT NULL, decided_day BIGINT NOT NULL, published_at BIGINT NOT NULL);
CREATE INDEX public_results_project ON public_results(project_id);
CREATE INDEX public_results_latest ON public_results(published_at, case_id);
-- Where the publication of a case's result stands; empty: it waits.
ALTER TABLE cases ADD COLUMN publication TEXT NOT NULL DEFAULT '';
CREATE INDEX cases_publication ON cases(stage, publication, ended_at, id);

-- 保存期限 (L-02): when a project ended, and up to which term its personal answers were erased.
ALTER TABLE projects ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN erased_years BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
UPDATE projects SET ended_at = updated_at WHERE state <> 'active';
CREATE INDEX projects_ended ON projects(ended_at, id);
CREATE INDEX projects_erased ON projects(erased_years, erased_at);

-- 个人信息请求 (L-06): what is asked for and by when it must be answered; words and values lie sealed beside the events.
CREATE TABLE rights_requests(
  id TEXT PRIMARY KEY, unit_id TEXT NOT NULL, unit_name TEXT NOT NULL, project_id TEXT NOT NULL, project_code TEXT NOT NULL,
  region TEXT NOT NULL, wish TEXT NOT NULL, field TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, due_day BIGINT NOT NULL,
  asked_at BIGINT NOT NULL);
CREATE INDEX rights_requests_unit ON rights_requests(unit_id, asked_at);
CREATE UNIQUE INDEX rights_requests_open ON rights_requests(project_id, field) WHERE state = '';
CREATE INDEX rights_requests_region ON rights_requests(region, state, due_day, id);
