-- Sums of what reports count (TIC-11), a row for each day, team and agent, so that a report over years
-- reads days and not tickets. `ticket_fact` and `ticket_clock` stay the truth: the job `sum-tickets`
-- puts into the sums what is older than `until`, and a report reads the rest from them.
CREATE TABLE ticket_sum (
  -- 1 what happened on the day; 2 done tickets that were open when the day began; 3 the same for each
  -- day of the month that begins with the day, which are in none of the rows of its days.
  series SMALLINT NOT NULL,
  day INT NOT NULL,  -- of the business zone, days since 1970
  -- Named as in `ticket`, which scopes go by; empty = none.
  team VARCHAR(64) NOT NULL,
  assignee VARCHAR(64) NOT NULL,
  counts MEDIUMBLOB NOT NULL,  -- services/ticket/packed_counts.h
  PRIMARY KEY (series, day, team, assignee),
  KEY ticket_sum_assignee (assignee, series, day),
  KEY ticket_sum_team (team, series, day)
);

-- What a write changes about times that may be in the sums already. Counted with them until the job
-- has put it in.
CREATE TABLE ticket_sum_change (
  id BIGINT NOT NULL,
  time BIGINT NOT NULL,
  since BIGINT NULL,  -- of a ticket that was done: open from then to `time`
  create_time BIGINT NOT NULL,
  figure SMALLINT NOT NULL,  -- services/ticket/tally.h
  value BIGINT NOT NULL,
  seconds BIGINT NOT NULL,
  count SMALLINT NOT NULL,  -- 1 or -1
  type SMALLINT NOT NULL,
  priority SMALLINT NOT NULL,
  tier SMALLINT NOT NULL,
  assignee VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  PRIMARY KEY (id)
);

-- How far the sums go. Of another zone than the configured one they are made anew.
CREATE TABLE ticket_sum_state (
  id SMALLINT NOT NULL,  -- 1
  revision BIGINT NOT NULL,
  until BIGINT NOT NULL,
  zone VARCHAR(64) NOT NULL,
  PRIMARY KEY (id)
);
INSERT INTO ticket_sum_state (id, revision, until, zone) VALUES (1, 0, 0, '');

-- Late ones are told apart by all that reports go by.
ALTER TABLE ticket_clock
  DROP KEY ticket_clock_pending,
  ADD KEY ticket_clock_pending (outcome, due_time, clock, priority, tier, type, team, assignee);
