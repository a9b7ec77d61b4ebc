-- Who took part in closed opportunities (SAL-15): a row for each competitor of one and whom it was lost
-- to, one with an empty name if none is known. The other columns are those of the opportunity; win/loss by
-- competitor reads nothing but the index.
CREATE TABLE closed_competitor (
  opportunity_id BIGINT NOT NULL,
  competitor VARCHAR(100) NOT NULL,
  stage_kind SMALLINT NOT NULL,
  close_time BIGINT NOT NULL,
  owner VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  source_channel VARCHAR(32) NULL,
  base_amount DECIMAL(19,2) NULL,
  lead_time BIGINT NULL,
  PRIMARY KEY (opportunity_id, competitor),
  KEY closed_competitor_time (stage_kind, close_time, owner, team, source_channel, competitor,
                              base_amount, lead_time)
);
INSERT INTO closed_competitor (opportunity_id, competitor, stage_kind, close_time, owner, team,
                               source_channel, base_amount, lead_time)
SELECT id, lost_to, stage_kind, close_time, owner, team, source_channel, base_amount, lead_time
FROM opportunity
WHERE stage_kind <> 1 AND close_time IS NOT NULL AND lost_to <> '';
INSERT IGNORE INTO closed_competitor (opportunity_id, competitor, stage_kind, close_time, owner, team,
                                      source_channel, base_amount, lead_time)
SELECT id, named.name, stage_kind, close_time, owner, team, source_channel, base_amount, lead_time
FROM opportunity,
     JSON_TABLE(opportunity.competitors, '$[*]' COLUMNS (name VARCHAR(100) PATH '$.name')) AS named
WHERE stage_kind <> 1 AND close_time IS NOT NULL AND named.name <> '';
INSERT INTO closed_competitor (opportunity_id, competitor, stage_kind, close_time, owner, team,
                               source_channel, base_amount, lead_time)
SELECT id, '', stage_kind, close_time, owner, team, source_channel, base_amount, lead_time
FROM opportunity
WHERE stage_kind <> 1 AND close_time IS NOT NULL
  AND id NOT IN (SELECT opportunity_id FROM closed_competitor);

-- No report on closed ones reads whom they were lost to or the first follow-up any more.
ALTER TABLE opportunity
  DROP KEY opportunity_closed,
  ADD KEY opportunity_closed (stage_kind, close_time, owner, team, source_channel, main_product,
                              win_reason, loss_reason, base_amount, lead_time, pipeline,
                              furthest_stage);
