-- A ticket that was done without an answer counts as a late first response: sums are made anew
-- from rows that say so.
UPDATE ticket_sum_state SET zone = '';
