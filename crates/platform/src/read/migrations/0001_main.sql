CREATE TABLE units(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, credit_code TEXT NOT NULL UNIQUE, region TEXT NOT NULL, registered_at BIGINT NOT NULL);

CREATE TABLE accounts(
  id TEXT PRIMARY KEY, face TEXT NOT NULL, login TEXT NOT NULL, name TEXT NOT NULL, unit_id TEXT NOT NULL,
  disabled BIGINT NOT NULL, UNIQUE(face, login));
CREATE TABLE posts(
  account_id TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL, role TEXT NOT NULL,
  from_day BIGINT NOT NULL, to_day BIGINT, PRIMARY KEY(account_id, department, region, role, from_day));
CREATE TABLE credentials(account_id TEXT PRIMARY KEY, phc TEXT NOT NULL, changed_at BIGINT NOT NULL);
CREATE TABLE sign_in_failures(id TEXT PRIMARY KEY, failed BIGINT NOT NULL, last_at BIGINT NOT NULL);
CREATE TABLE sessions(
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL, face TEXT NOT NULL, created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL,
  ended BIGINT NOT NULL);
CREATE INDEX sessions_account ON sessions(account_id, ended);

CREATE TABLE projects(
  id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, regime TEXT NOT NULL, state TEXT NOT NULL, region TEXT NOT NULL,
  industry TEXT NOT NULL, unit_id TEXT NOT NULL, unit_name TEXT NOT NULL, total_fen BIGINT NOT NULL, version BIGINT NOT NULL,
  checks BIGINT NOT NULL, declared_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX projects_unit ON projects(unit_id, declared_at, id);
CREATE INDEX projects_region ON projects(region, declared_at, id);
CREATE INDEX projects_declared ON projects(declared_at, id);

CREATE TABLE cases(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, project_code TEXT NOT NULL, project_name TEXT NOT NULL, unit_id TEXT NOT NULL,
  unit_name TEXT NOT NULL, item TEXT NOT NULL, item_name TEXT NOT NULL, department TEXT NOT NULL, region TEXT NOT NULL,
  stage TEXT NOT NULL, owed TEXT NOT NULL, live BIGINT NOT NULL, due_day BIGINT NOT NULL, yellow_day BIGINT NOT NULL,
  provisional BIGINT NOT NULL, suspended BIGINT NOT NULL, outcome TEXT NOT NULL, document_number TEXT NOT NULL, document_title TEXT NOT NULL,
  decided_day BIGINT NOT NULL, submitted_at BIGINT NOT NULL, ended_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE UNIQUE INDEX cases_live ON cases(project_id, item) WHERE live = 1;
CREATE INDEX cases_project ON cases(project_id);
CREATE INDEX cases_unit ON cases(unit_id, updated_at, id);
CREATE INDEX cases_owed ON cases(department, region, owed, due_day, id);
CREATE INDEX cases_territory ON cases(region, owed, due_day, id);
CREATE INDEX cases_updated ON cases(updated_at, id);
CREATE INDEX cases_ended ON cases(ended_at, id) WHERE ended_at > 0;

CREATE TABLE documents(
  number TEXT PRIMARY KEY, kind TEXT NOT NULL, project_id TEXT NOT NULL, case_id TEXT NOT NULL, unit_id TEXT NOT NULL,
  issued_at BIGINT NOT NULL, data TEXT NOT NULL);
CREATE INDEX documents_project ON documents(project_id, issued_at);

CREATE TABLE messages(
  id TEXT PRIMARY KEY, unit_id TEXT NOT NULL, at BIGINT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, link TEXT NOT NULL,
  read_at BIGINT NOT NULL);
CREATE INDEX messages_unit ON messages(unit_id, at, id);
CREATE INDEX messages_unread ON messages(unit_id) WHERE read_at = 0;

CREATE TABLE drafts(
  id TEXT PRIMARY KEY, unit_id TEXT NOT NULL, account_id TEXT NOT NULL, form TEXT NOT NULL, sealed TEXT NOT NULL, revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX drafts_unit ON drafts(unit_id, updated_at);

CREATE TABLE attachments(
  id TEXT PRIMARY KEY, unit_id TEXT NOT NULL, project_id TEXT NOT NULL, account_id TEXT NOT NULL, material TEXT NOT NULL, name TEXT NOT NULL,
  file_type TEXT NOT NULL, size BIGINT NOT NULL, sm3 TEXT NOT NULL, state TEXT NOT NULL, preview BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX attachments_unit ON attachments(unit_id, material, at);

CREATE TABLE once(id TEXT PRIMARY KEY, actor TEXT NOT NULL, result TEXT NOT NULL, at BIGINT NOT NULL);

CREATE TABLE audit(
  request TEXT NOT NULL, at BIGINT NOT NULL, face TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, source TEXT NOT NULL,
  session TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX audit_at ON audit(at);

CREATE TABLE setup_secrets(id TEXT PRIMARY KEY, account_id TEXT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT NOT NULL);
