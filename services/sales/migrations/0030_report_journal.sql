-- What changes of opportunities add to the sums of reports and what they take out of them (SAL-12
-- to SAL-14), until the job `post-report-sums` has put it into cells. Unknown is empty, a month 0.
CREATE TABLE report_journal (
  id BIGINT NOT NULL,
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  pipeline VARCHAR(32) NOT NULL,
  stage VARCHAR(32) NOT NULL,
  furthest_stage VARCHAR(32) NOT NULL,
  source_channel VARCHAR(32) NOT NULL,
  lead_month INT NOT NULL,   -- yyyymm in the business zone
  close_month INT NOT NULL,  -- yyyymm: expected while open, of the closing once closed
  opportunities SMALLINT NOT NULL,  -- 1 counts from now on, -1 no longer, 0 only has had a stay
  amount DECIMAL(19,2) NOT NULL,    -- CNY; negative with -1
  probability SMALLINT NOT NULL,
  stage_kind SMALLINT NOT NULL,
  in_contract TINYINT NOT NULL,
  -- Of a stay in an open stage that has ended; NULL without.
  leave_month INT NULL,
  days INT NULL,  -- calendar days of the business zone
  seconds BIGINT NULL,
  -- What the cells sum up, beside opportunities, amount and seconds. Lost ones count nothing in
  -- forecasts (SAL-19).
  weighted DECIMAL(27,4) AS (amount * probability * 0.01) VIRTUAL,
  open_count SMALLINT AS (CASE WHEN stage_kind = 1 THEN opportunities ELSE 0 END) VIRTUAL,
  expected DECIMAL(19,2) AS (CASE WHEN stage_kind = 1 THEN amount ELSE 0 END) VIRTUAL,
  expected_weighted DECIMAL(27,4)
    AS (CASE WHEN stage_kind = 1 THEN amount * probability * 0.01 ELSE 0 END) VIRTUAL,
  committed DECIMAL(19,2)
    AS (CASE WHEN in_contract = 1 AND stage_kind <> 3 THEN amount ELSE 0 END) VIRTUAL,
  won_count SMALLINT AS (CASE WHEN stage_kind = 2 THEN opportunities ELSE 0 END) VIRTUAL,
  closed DECIMAL(19,2) AS (CASE WHEN stage_kind = 2 THEN amount ELSE 0 END) VIRTUAL,
  stays SMALLINT AS (CASE WHEN leave_month IS NULL THEN 0 ELSE 1 END) VIRTUAL,
  PRIMARY KEY (id)
);

-- Cells of three breadths: 0 sums up everybody (owner and team empty), 1 a team (owner empty), 2 an
-- owner in a team. What was summed up until now is that of owners.
ALTER TABLE funnel_cell
  ADD COLUMN breadth SMALLINT NOT NULL DEFAULT 2 FIRST,
  DROP PRIMARY KEY,
  ADD PRIMARY KEY (breadth, owner, team, pipeline, lead_month, source_channel, stage,
                   furthest_stage);
ALTER TABLE funnel_cell ALTER COLUMN breadth DROP DEFAULT;
INSERT INTO funnel_cell (breadth, pipeline, lead_month, owner, team, source_channel, stage,
                         furthest_stage, opportunities, amount, weighted)
SELECT 1, pipeline, lead_month, '', team, source_channel, stage, furthest_stage,
       SUM(opportunities), SUM(amount), SUM(weighted)
FROM funnel_cell
WHERE breadth = 2
GROUP BY pipeline, lead_month, team, source_channel, stage, furthest_stage;
INSERT INTO funnel_cell (breadth, pipeline, lead_month, owner, team, source_channel, stage,
                         furthest_stage, opportunities, amount, weighted)
SELECT 0, pipeline, lead_month, '', '', source_channel, stage, furthest_stage,
       SUM(opportunities), SUM(amount), SUM(weighted)
FROM funnel_cell
WHERE breadth = 1
GROUP BY pipeline, lead_month, source_channel, stage, furthest_stage;

ALTER TABLE dwell_cell
  ADD COLUMN breadth SMALLINT NOT NULL DEFAULT 2 FIRST,
  DROP PRIMARY KEY,
  ADD PRIMARY KEY (breadth, owner, team, pipeline, leave_month, stage, days);
ALTER TABLE dwell_cell ALTER COLUMN breadth DROP DEFAULT;
INSERT INTO dwell_cell (breadth, pipeline, leave_month, stage, days, owner, team, stays, seconds)
SELECT 1, pipeline, leave_month, stage, days, '', team, SUM(stays), SUM(seconds)
FROM dwell_cell
WHERE breadth = 2
GROUP BY pipeline, leave_month, stage, days, team;
INSERT INTO dwell_cell (breadth, pipeline, leave_month, stage, days, owner, team, stays, seconds)
SELECT 0, pipeline, leave_month, stage, days, '', '', SUM(stays), SUM(seconds)
FROM dwell_cell
WHERE breadth = 1
GROUP BY pipeline, leave_month, stage, days;

ALTER TABLE forecast_cell
  ADD COLUMN breadth SMALLINT NOT NULL DEFAULT 2 FIRST,
  CHANGE COLUMN weighted expected_weighted DECIMAL(27,4) NOT NULL,
  DROP PRIMARY KEY,
  ADD PRIMARY KEY (breadth, close_month, owner, team);
ALTER TABLE forecast_cell ALTER COLUMN breadth DROP DEFAULT;
INSERT INTO forecast_cell (breadth, close_month, owner, team, open_count, expected,
                           expected_weighted, committed, won_count, closed)
SELECT 1, close_month, '', team, SUM(open_count), SUM(expected), SUM(expected_weighted),
       SUM(committed), SUM(won_count), SUM(closed)
FROM forecast_cell
WHERE breadth = 2
GROUP BY close_month, team;
INSERT INTO forecast_cell (breadth, close_month, owner, team, open_count, expected,
                           expected_weighted, committed, won_count, closed)
SELECT 0, close_month, '', '', SUM(open_count), SUM(expected), SUM(expected_weighted),
       SUM(committed), SUM(won_count), SUM(closed)
FROM forecast_cell
WHERE breadth = 1
GROUP BY close_month;

-- Snapshots likewise: of every day that has one, what the last rows of owners up to it add up to.
ALTER TABLE forecast_snapshot
  ADD COLUMN breadth SMALLINT NOT NULL DEFAULT 2 FIRST,
  CHANGE COLUMN weighted expected_weighted DECIMAL(27,4) NOT NULL,
  DROP PRIMARY KEY,
  ADD PRIMARY KEY (breadth, close_month, owner, team, day);
ALTER TABLE forecast_snapshot ALTER COLUMN breadth DROP DEFAULT;
INSERT INTO forecast_snapshot (breadth, close_month, owner, team, day, open_count, expected,
                               expected_weighted, committed, won_count, closed)
SELECT 1, cell.close_month, '', cell.team, taken.day, SUM(cell.open_count), SUM(cell.expected),
       SUM(cell.expected_weighted), SUM(cell.committed), SUM(cell.won_count), SUM(cell.closed)
FROM forecast_day AS taken
JOIN forecast_snapshot AS cell
  ON cell.breadth = 2 AND cell.day = (
    SELECT MAX(last.day)
    FROM forecast_snapshot AS last
    WHERE last.breadth = 2 AND last.close_month = cell.close_month AND last.owner = cell.owner
      AND last.team = cell.team AND last.day <= taken.day)
GROUP BY cell.close_month, cell.team, taken.day;
INSERT INTO forecast_snapshot (breadth, close_month, owner, team, day, open_count, expected,
                               expected_weighted, committed, won_count, closed)
SELECT 0, close_month, '', '', day, SUM(open_count), SUM(expected), SUM(expected_weighted),
       SUM(committed), SUM(won_count), SUM(closed)
FROM forecast_snapshot
WHERE breadth = 1
GROUP BY close_month, day;
