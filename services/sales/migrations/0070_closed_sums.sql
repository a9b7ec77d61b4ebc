-- What was won and lost, by month and told apart by each part of it (SAL-15, SAL-16; ClosedPart): the
-- sums of whole months, as in 0030. Days of other months are read from `opportunity` and
-- `closed_competitor`. Unknown is empty.
CREATE TABLE closed_journal (
  id BIGINT NOT NULL,
  part SMALLINT NOT NULL,  -- 1 reason, 2 competitor, 3 product, 4 amount band, 5 owner, 6 team, 7 stage
  value VARCHAR(100) NOT NULL,
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  close_month INT NOT NULL,  -- yyyymm in the business zone
  source_channel VARCHAR(32) NOT NULL,
  stage_kind SMALLINT NOT NULL,  -- won or lost
  closed SMALLINT NOT NULL,      -- 1 counts from now on, -1 no longer
  amount DECIMAL(19,2) NOT NULL,  -- CNY; this and the rest negative with -1
  cycles SMALLINT NOT NULL,       -- 1 if the time of the lead is known
  cycle_seconds BIGINT NOT NULL,  -- from the lead to the closing
  PRIMARY KEY (id)
);

CREATE TABLE closed_cell (
  breadth SMALLINT NOT NULL,  -- as in funnel_cell
  part SMALLINT NOT NULL,
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  close_month INT NOT NULL,
  value VARCHAR(100) NOT NULL,
  source_channel VARCHAR(32) NOT NULL,
  stage_kind SMALLINT NOT NULL,
  closed BIGINT NOT NULL,
  amount DECIMAL(25,2) NOT NULL,
  cycles BIGINT NOT NULL,
  cycle_seconds BIGINT NOT NULL,
  PRIMARY KEY (breadth, part, owner, team, close_month, value, source_channel, stage_kind)
);

-- What is closed by now.
INSERT INTO closed_cell (breadth, part, owner, team, close_month, value, source_channel, stage_kind,
                         closed, amount, cycles, cycle_seconds)
SELECT 2, parts.part, COALESCE(owner, '') AS of_owner, COALESCE(team, '') AS of_team,
       -- The business zone that is the default.
       DATE_FORMAT(TIMESTAMPADD(SECOND, close_time DIV 1000000 + 28800, '1970-01-01'), '%Y%m') AS month,
       CASE parts.part
         WHEN 1 THEN COALESCE(CAST(COALESCE(win_reason, loss_reason) AS CHAR), '')
         WHEN 3 THEN COALESCE(main_product, '')
         WHEN 4 THEN CASE WHEN base_amount IS NULL THEN ''
                          WHEN base_amount < 10000 THEN '<10000'
                          WHEN base_amount < 100000 THEN '10000-100000'
                          WHEN base_amount < 1000000 THEN '100000-1000000'
                          ELSE '>=1000000' END
         WHEN 5 THEN COALESCE(owner, '')
         WHEN 6 THEN COALESCE(team, '')
         ELSE CONCAT(pipeline, '/', furthest_stage)
       END AS of_value,
       COALESCE(source_channel, '') AS source, stage_kind, COUNT(*), COALESCE(SUM(base_amount), 0),
       COUNT(lead_time), COALESCE(SUM((close_time - lead_time) DIV 1000000), 0)
FROM opportunity
CROSS JOIN (SELECT 1 AS part UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
            UNION ALL SELECT 6 UNION ALL SELECT 7) AS parts
WHERE stage_kind IN (2, 3) AND close_time IS NOT NULL
  AND (parts.part <> 7 OR furthest_stage IS NOT NULL)
GROUP BY parts.part, of_owner, of_team, month, of_value, source, stage_kind;
INSERT INTO closed_cell (breadth, part, owner, team, close_month, value, source_channel, stage_kind,
                         closed, amount, cycles, cycle_seconds)
SELECT 2, 2, COALESCE(owner, '') AS of_owner, COALESCE(team, '') AS of_team,
       DATE_FORMAT(TIMESTAMPADD(SECOND, close_time DIV 1000000 + 28800, '1970-01-01'), '%Y%m') AS month,
       competitor, COALESCE(source_channel, '') AS source, stage_kind, COUNT(*),
       COALESCE(SUM(base_amount), 0), COUNT(lead_time),
       COALESCE(SUM((close_time - lead_time) DIV 1000000), 0)
FROM closed_competitor
GROUP BY of_owner, of_team, month, competitor, source, stage_kind;
INSERT INTO closed_cell (breadth, part, owner, team, close_month, value, source_channel, stage_kind,
                         closed, amount, cycles, cycle_seconds)
SELECT 1, part, '', team, close_month, value, source_channel, stage_kind, SUM(closed), SUM(amount),
       SUM(cycles), SUM(cycle_seconds)
FROM closed_cell
WHERE breadth = 2
GROUP BY part, team, close_month, value, source_channel, stage_kind;
INSERT INTO closed_cell (breadth, part, owner, team, close_month, value, source_channel, stage_kind,
                         closed, amount, cycles, cycle_seconds)
SELECT 0, part, '', '', close_month, value, source_channel, stage_kind, SUM(closed), SUM(amount),
       SUM(cycles), SUM(cycle_seconds)
FROM closed_cell
WHERE breadth = 1
GROUP BY part, close_month, value, source_channel, stage_kind;
