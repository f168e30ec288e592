CREATE TABLE case_groups(
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, project_code TEXT NOT NULL, project_name TEXT NOT NULL, unit_id TEXT NOT NULL,
  unit_name TEXT NOT NULL, stage TEXT NOT NULL, title TEXT NOT NULL, lead_department TEXT NOT NULL, lead_region TEXT NOT NULL,
  branches BIGINT NOT NULL, formed_at BIGINT NOT NULL, received_at BIGINT NOT NULL, extended BIGINT NOT NULL, handed_back_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL);
CREATE INDEX case_groups_project ON case_groups(project_id, formed_at);
CREATE INDEX case_groups_lead ON case_groups(lead_department, lead_region, formed_at, id);
CREATE INDEX case_groups_territory ON case_groups(lead_region, formed_at, id);
CREATE INDEX case_groups_open ON case_groups(formed_at, id) WHERE handed_back_at = 0;

CREATE TABLE case_group_branches(case_id TEXT PRIMARY KEY, group_id TEXT NOT NULL, position BIGINT NOT NULL);
CREATE INDEX case_group_branches_group ON case_group_branches(group_id, position);
