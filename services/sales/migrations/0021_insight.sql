-- Stays in open stages that have ended, by length (SAL-14), kept in the transactions that end them.
-- Unknown is empty.
CREATE TABLE dwell_cell (
  pipeline VARCHAR(32) NOT NULL,
  leave_month INT NOT NULL,  -- yyyymm in the business zone
  stage VARCHAR(32) NOT NULL,
  days INT NOT NULL,  -- calendar days of the business zone
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  stays BIGINT NOT NULL,
  seconds BIGINT NOT NULL,  -- of all of them
  PRIMARY KEY (pipeline, leave_month, stage, days, owner, team)
);
