-- Follow-up rules (SAL-10): column = field of crm.sales.v1.FollowUpRule.
CREATE TABLE follow_up_rule (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  code VARCHAR(32) NOT NULL,
  name VARCHAR(50) NOT NULL,
  filter VARCHAR(4000) NULL,
  steps LONGTEXT NOT NULL,
  assignee VARCHAR(64) NULL,
  assignee_role VARCHAR(64) NULL,
  apply_to_new TINYINT NULL,
  retired TINYINT NULL,
  last_editor VARCHAR(64) NULL,
  update_time BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY follow_up_rule_code (code)
);

-- The key makes each step once for an opportunity.
CREATE TABLE follow_up_done (
  rule_id BIGINT NOT NULL,
  opportunity_id BIGINT NOT NULL,
  after_days INT NOT NULL,  -- names the step
  reminder_id BIGINT NOT NULL,
  PRIMARY KEY (opportunity_id, rule_id, after_days)
);
