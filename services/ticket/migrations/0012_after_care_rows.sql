-- What was escalated to somebody, in the order of its due times (TIC-13).
ALTER TABLE ticket
  ADD KEY ticket_escalated (escalated_to, due_time, id);

-- Tickets from before 0010: closed then, at their last change (TIC-17) ...
UPDATE ticket
SET close_time = update_time
WHERE status = 6  -- CLOSED
  AND close_time IS NULL
  AND merged_into IS NULL;

-- ... and complaints whose customers are to be asked again (TIC-3).
UPDATE ticket
SET follow_up_state = 1  -- PLANNED
WHERE status = 6
  AND follow_up_time IS NOT NULL
  AND follow_up_state IS NULL
  AND merged_into IS NULL;

INSERT INTO ticket_timer (ticket_id, due_time, claimed_until, claimant)
SELECT id, follow_up_time, 0, ''
FROM ticket
WHERE follow_up_state = 1
ON DUPLICATE KEY UPDATE due_time = LEAST(ticket_timer.due_time, VALUES(due_time));
