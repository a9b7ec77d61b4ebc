-- Opportunities whose first follow-up cannot be known (SAL-15): those of other systems, and those
-- that were added before 0014 began to record it.
ALTER TABLE opportunity
  ADD COLUMN follow_up_unknown TINYINT NOT NULL DEFAULT 0,
  DROP KEY opportunity_closed,
  -- Reports on closed opportunities read nothing but this.
  ADD KEY opportunity_closed (stage_kind, close_time, owner, team, source_channel, main_product,
                              win_reason, loss_reason, lost_to, base_amount, lead_time, pipeline,
                              furthest_stage, first_follow_up_time, follow_up_unknown);
UPDATE opportunity
SET follow_up_unknown = 1
WHERE source_system IS NOT NULL
   OR create_time < (
     SELECT COALESCE(MAX(applied_at), 0)
     FROM schema_migration
     WHERE name LIKE 'sales/0014%');
