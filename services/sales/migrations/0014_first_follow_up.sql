-- When an opportunity was first followed up (SAL-15). Win/loss reports still read nothing but the index.
ALTER TABLE opportunity
  ADD COLUMN first_follow_up_time BIGINT NULL,
  DROP KEY opportunity_closed,
  ADD KEY opportunity_closed (stage_kind, close_time, owner, team, source_channel, win_reason,
                              loss_reason, lost_to, base_amount, lead_time, first_follow_up_time);
