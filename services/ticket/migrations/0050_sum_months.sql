-- Sums of whole months, too (TIC-11): `ticket_sum.series` 4, what happened in the month that begins with
-- the day. All sums are made anew.
UPDATE ticket_sum_state
SET revision = revision + 1, zone = ''
WHERE id = 1;
