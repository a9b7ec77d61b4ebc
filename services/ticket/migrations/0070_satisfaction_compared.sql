-- ticket_fact.kind 6: a complaint's customer was asked again; `satisfaction` is the change, −4 to 4. The
-- job `derive-ticket-rows` makes them of earlier follow-ups; the sums are made anew after that.
UPDATE ticket_derived_state
SET form = 0, ticket_id = 0
WHERE id = 1;

UPDATE ticket_sum_state
SET revision = revision + 1, until = 0, zone = ''
WHERE id = 1;
