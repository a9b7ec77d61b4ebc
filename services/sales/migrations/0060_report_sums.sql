-- A stage's kind counts as the opportunity has it: a code that the pipeline no longer has, or that is
-- called something else than won and lost, tells nothing about it (SAL-19).
ALTER TABLE funnel_cell
  ADD COLUMN stage_kind SMALLINT NOT NULL DEFAULT 1 AFTER furthest_stage,
  DROP PRIMARY KEY,
  ADD PRIMARY KEY (breadth, owner, team, pipeline, lead_month, source_channel, stage,
                   furthest_stage, stage_kind);
UPDATE funnel_cell AS cell
JOIN (SELECT pipeline, stage, MAX(stage_kind) AS stage_kind
      FROM (SELECT pipeline, stage, stage_kind FROM opportunity GROUP BY pipeline, stage, stage_kind
            UNION
            SELECT pipeline, stage, stage_kind FROM report_journal) AS known
      GROUP BY pipeline, stage) AS kinds
  ON kinds.pipeline = cell.pipeline AND kinds.stage = cell.stage
SET cell.stage_kind = kinds.stage_kind;
ALTER TABLE funnel_cell ALTER COLUMN stage_kind DROP DEFAULT;

-- Leads by when they came, and how many of them were followed up (SAL-15). Those of which it cannot be
-- known are not counted. What waits in the journal counts 0 here, for the cells begin with all that is.
ALTER TABLE report_journal
  -- 1 or -1 where `opportunities` is and it is known; the same if it has been followed up, and the time
  -- from the lead to then.
  ADD COLUMN leads SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN followed_up SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN follow_up_seconds BIGINT NOT NULL DEFAULT 0;
CREATE TABLE follow_up_cell (
  breadth SMALLINT NOT NULL,  -- as in funnel_cell
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  lead_month INT NOT NULL,  -- yyyymm in the business zone
  source_channel VARCHAR(32) NOT NULL,
  leads BIGINT NOT NULL,
  followed_up BIGINT NOT NULL,
  follow_up_seconds BIGINT NOT NULL,
  PRIMARY KEY (breadth, owner, team, lead_month, source_channel)
);
INSERT INTO follow_up_cell (breadth, owner, team, lead_month, source_channel, leads, followed_up,
                            follow_up_seconds)
SELECT 2, COALESCE(owner, ''), COALESCE(team, ''),
       -- The business zone that is the default.
       DATE_FORMAT(TIMESTAMPADD(SECOND, lead_time DIV 1000000 + 28800, '1970-01-01'), '%Y%m') AS month,
       COALESCE(source_channel, ''), COUNT(*), COUNT(first_follow_up_time),
       COALESCE(SUM((first_follow_up_time - lead_time) DIV 1000000), 0)
FROM opportunity
WHERE follow_up_unknown = 0 AND lead_time IS NOT NULL
GROUP BY COALESCE(owner, ''), COALESCE(team, ''), month, COALESCE(source_channel, '');
INSERT INTO follow_up_cell (breadth, owner, team, lead_month, source_channel, leads, followed_up,
                            follow_up_seconds)
SELECT 1, '', team, lead_month, source_channel, SUM(leads), SUM(followed_up), SUM(follow_up_seconds)
FROM follow_up_cell
WHERE breadth = 2
GROUP BY team, lead_month, source_channel;
INSERT INTO follow_up_cell (breadth, owner, team, lead_month, source_channel, leads, followed_up,
                            follow_up_seconds)
SELECT 0, '', '', lead_month, source_channel, SUM(leads), SUM(followed_up), SUM(follow_up_seconds)
FROM follow_up_cell
WHERE breadth = 1
GROUP BY lead_month, source_channel;
