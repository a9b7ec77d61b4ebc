-- Frequent problems by month (TIC-12): how many tickets have a category, a root cause or a word, so
-- that a month is told without reading its tickets. Kept by the job `collect-terms`.
CREATE TABLE problem_sum (
  month INT NOT NULL,       -- of the business zone, months since year 0
  kind SMALLINT NOT NULL,   -- 1 category, 2 root cause of a complaint, 3 word
  name VARBINARY(256) NOT NULL,  -- empty = none; a number; a hash as in `term`
  team VARCHAR(64) NOT NULL,
  type SMALLINT NOT NULL,
  created BIGINT NOT NULL,       -- in the month
  done BIGINT NOT NULL,          -- in the month, not reopened since
  seconds BIGINT NOT NULL,       -- that these were open, each in full seconds
  rated BIGINT NOT NULL,         -- in the month
  satisfaction BIGINT NOT NULL,  -- sum
  PRIMARY KEY (month, kind, name, team, type)
);

-- What of each ticket is in `problem_sum`, together with its words in `ticket_term`.
CREATE TABLE ticket_problem (
  ticket_id BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_month INT NULL,  -- NULL: counts nowhere
  done_month INT NULL,
  seconds BIGINT NOT NULL,
  rated_month INT NULL,
  satisfaction SMALLINT NOT NULL,
  team VARCHAR(64) NOT NULL,
  type SMALLINT NOT NULL,
  category VARCHAR(64) NOT NULL,
  root_cause SMALLINT NOT NULL,
  PRIMARY KEY (ticket_id)
);
