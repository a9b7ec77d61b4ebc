-- What the SLA engine said of each turn of a ticket's clocks at the last write, for counting: reading
-- a ticket computes them anew.
CREATE TABLE ticket_clock (
  ticket_id BIGINT NOT NULL,
  clock SMALLINT NOT NULL,  -- crm.ticket.v1.SlaClock
  cycle BIGINT NOT NULL,
  outcome SMALLINT NOT NULL,  -- 1 pending, 2 in time, 3 late
  due_time BIGINT NULL,       -- of a pending one that runs
  decided_time BIGINT NULL,
  priority SMALLINT NOT NULL,
  tier SMALLINT NOT NULL,
  PRIMARY KEY (ticket_id, clock, cycle),
  KEY ticket_clock_pending (outcome, due_time, clock, priority, tier),
  KEY ticket_clock_decided (decided_time, outcome, clock, priority, tier)
);
