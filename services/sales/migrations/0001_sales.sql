-- Opportunities: column = field of crm.sales.v1.Opportunity.
CREATE TABLE opportunity (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  customer VARCHAR(40) NOT NULL,
  name VARCHAR(100) NOT NULL,
  owner VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  amount DECIMAL(19,2) NOT NULL,
  currency CHAR(3) NOT NULL,
  exchange_rate VARCHAR(20) NULL,
  base_amount DECIMAL(19,2) NOT NULL,
  expected_close_date DATE NOT NULL,
  source_channel VARCHAR(32) NOT NULL,
  lead_time BIGINT NOT NULL,
  products LONGTEXT NULL,
  competitors LONGTEXT NULL,
  risk VARCHAR(500) NULL,
  contract_amount DECIMAL(19,2) NULL,
  contract_date DATE NULL,
  pipeline VARCHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  stage_kind SMALLINT NOT NULL,
  stage_enter_time BIGINT NOT NULL,
  furthest_stage VARCHAR(32) NOT NULL,
  committed TINYINT NOT NULL,
  probability INT NOT NULL,
  amount_reference DECIMAL(19,2) NOT NULL,
  amount_reason VARCHAR(200) NULL,
  proposed_probability INT NULL,
  probability_approval SMALLINT NULL,
  probability_proposer VARCHAR(64) NULL,
  probability_note VARCHAR(200) NULL,
  contract_approval SMALLINT NULL,
  contract_approver VARCHAR(64) NULL,
  contract_note VARCHAR(200) NULL,
  close_time BIGINT NULL,
  win_reason SMALLINT NULL,
  loss_reason SMALLINT NULL,
  close_note VARCHAR(500) NULL,
  lost_to VARCHAR(100) NULL,
  last_open_stage VARCHAR(32) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY opportunity_number (number),
  KEY opportunity_owner (owner, stage_kind, id),
  KEY opportunity_team (team, id),
  KEY opportunity_customer (customer, id),
  -- Win/loss reports read nothing but this.
  KEY opportunity_closed (stage_kind, close_time, owner, team, source_channel, win_reason,
                          loss_reason, lost_to, base_amount, lead_time)
);

-- Stays in stages (SAL-3, SAL-4): column = field of crm.sales.v1.StageMove.
CREATE TABLE stage_move (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  opportunity_id BIGINT NOT NULL,
  from_stage VARCHAR(32) NULL,
  stage VARCHAR(32) NOT NULL,
  kind SMALLINT NOT NULL,
  enter_time BIGINT NOT NULL,
  leave_time BIGINT NULL,
  record_time BIGINT NOT NULL,
  late TINYINT NOT NULL,
  backwards TINYINT NOT NULL,
  reason VARCHAR(500) NULL,
  actor VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  KEY stage_move_opportunity (opportunity_id, id)
);

-- Pipelines that were added or changed: column = field of crm.sales.v1.Pipeline. The default one is
-- in the program until somebody changes it.
CREATE TABLE pipeline (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  code VARCHAR(32) NOT NULL,
  name VARCHAR(50) NOT NULL,
  teams LONGTEXT NULL,
  stages LONGTEXT NOT NULL,
  approval_threshold DECIMAL(19,2) NULL,
  last_editor VARCHAR(64) NULL,
  update_time BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY pipeline_code (code)
);

-- Sums over opportunities, kept in the transactions that change them (SAL-12, SAL-13). Unknown is
-- empty.
CREATE TABLE funnel_cell (
  pipeline VARCHAR(32) NOT NULL,
  lead_month INT NOT NULL,  -- yyyymm in the business zone
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  source_channel VARCHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  furthest_stage VARCHAR(32) NOT NULL,
  opportunities BIGINT NOT NULL,
  amount DECIMAL(25,2) NOT NULL,    -- CNY
  weighted DECIMAL(27,4) NOT NULL,  -- CNY times probability
  PRIMARY KEY (pipeline, lead_month, owner, team, source_channel, stage, furthest_stage)
);

CREATE TABLE forecast_cell (
  close_month INT NOT NULL,  -- yyyymm: expected while open, in the business zone of the closing once won
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  open_count BIGINT NOT NULL,
  expected DECIMAL(25,2) NOT NULL,   -- CNY, open
  weighted DECIMAL(27,4) NOT NULL,   -- CNY times probability, open
  committed DECIMAL(25,2) NOT NULL,  -- CNY, in a contract stage
  won_count BIGINT NOT NULL,
  closed DECIMAL(25,2) NOT NULL,     -- CNY, won
  PRIMARY KEY (close_month, owner, team)
);
