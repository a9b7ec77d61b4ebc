-- Opportunities of older systems (HistoryService), of which some things are not known.
ALTER TABLE opportunity
  MODIFY customer VARCHAR(40) NULL,
  MODIFY amount DECIMAL(19,2) NULL,
  MODIFY base_amount DECIMAL(19,2) NULL,
  MODIFY expected_close_date DATE NULL,
  MODIFY source_channel VARCHAR(32) NULL,
  MODIFY lead_time BIGINT NULL,
  MODIFY amount_reference DECIMAL(19,2) NULL,
  ADD COLUMN source_system VARCHAR(32) NULL,
  ADD COLUMN external_number VARCHAR(64) NULL,
  ADD COLUMN main_product VARCHAR(100) NULL,
  -- What ListPriorities looks through, highest first: 1/100 CNY times percent.
  ADD COLUMN weighted DECIMAL(23,2) GENERATED ALWAYS AS (COALESCE(base_amount, 0) * probability) STORED,
  -- An opportunity of another system is taken once.
  ADD UNIQUE KEY opportunity_external (source_system, external_number),
  ADD KEY opportunity_weighted (stage_kind, weighted, id),
  -- What is stuck, by stage: nothing else is read.
  ADD KEY opportunity_in_stage (stage_kind, pipeline, stage, stage_enter_time, owner, team, base_amount),
  DROP KEY opportunity_closed,
  -- Reports on closed opportunities read nothing but this.
  ADD KEY opportunity_closed (stage_kind, close_time, owner, team, source_channel, main_product,
                              win_reason, loss_reason, lost_to, base_amount, lead_time, pipeline,
                              furthest_stage, first_follow_up_time);
