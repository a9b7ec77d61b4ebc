-- Tickets that were merged or came out of others (TIC-16, TIC-17), what their customers say once they
-- are done (TIC-10, TIC-3), and imported history (TIC-14).
ALTER TABLE ticket
  ADD COLUMN merged_into VARCHAR(40) NULL,
  ADD COLUMN linked_ticket VARCHAR(40) NULL,
  ADD COLUMN link_kind SMALLINT NULL,
  ADD COLUMN close_time BIGINT NULL,
  ADD COLUMN feedback_state SMALLINT NULL,
  ADD COLUMN feedback_request_time BIGINT NULL,
  ADD COLUMN satisfaction BIGINT NULL,
  ADD COLUMN satisfaction_comment BLOB NULL,
  ADD COLUMN feedback_time BIGINT NULL,
  ADD COLUMN follow_up_state SMALLINT NULL,
  ADD COLUMN follow_up_satisfaction BIGINT NULL,
  ADD COLUMN satisfaction_change BIGINT NULL,
  ADD COLUMN import_time BIGINT NULL,
  ADD KEY ticket_merged_into (merged_into),
  ADD KEY ticket_linked (linked_ticket),
  ADD KEY ticket_feedback (feedback_state, feedback_request_time, id),
  ADD KEY ticket_follow_up (follow_up_state, follow_up_time, id);

ALTER TABLE ticket_event
  ADD COLUMN other_ticket VARCHAR(40) NULL,
  ADD COLUMN other_sequence BIGINT NULL,
  ADD COLUMN satisfaction BIGINT NULL;
