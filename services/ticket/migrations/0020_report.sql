-- What reports count (TIC-11, TIC-12): a row for everything that puts a ticket into a period, with
-- what the ticket says now. Written with the ticket. A report reads a range of the key, nothing
-- else.
CREATE TABLE ticket_fact (
  kind SMALLINT NOT NULL,  -- 1 created, 2 open, 3 answered, 4 done, 5 rated
  time BIGINT NOT NULL,    -- when; of an open one: since when, after reopening anew
  ticket_id BIGINT NOT NULL,
  since BIGINT NULL,       -- of a done one: when it was opened, or reopened, before
  create_time BIGINT NOT NULL,
  type SMALLINT NOT NULL,
  priority SMALLINT NOT NULL,
  tier SMALLINT NOT NULL,
  root_cause SMALLINT NOT NULL,
  -- Named as in `ticket`, which scopes go by; empty = none.
  assignee VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  category VARCHAR(64) NOT NULL,
  duration BIGINT NULL,       -- of an answer or a resolution, microseconds
  stands SMALLINT NOT NULL,         -- of a done one: 1 = not reopened since
  first_contact SMALLINT NOT NULL,  -- the same: 1 = a single answer, one assignee, never reopened
  satisfaction SMALLINT NOT NULL,   -- of a rated one, 1 to 5
  PRIMARY KEY (kind, time, ticket_id)
);

-- Compliance by type, team and agent, too.
ALTER TABLE ticket_clock
  ADD COLUMN type SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN assignee VARCHAR(64) NOT NULL DEFAULT '',
  ADD COLUMN team VARCHAR(64) NOT NULL DEFAULT '',
  DROP KEY ticket_clock_decided,
  ADD KEY ticket_clock_decided (decided_time, outcome, clock, priority, tier, type, team, assignee);

-- Words of a ticket (TIC-12), under a keyed hash: what tickets say is stored encrypted.
CREATE TABLE ticket_term (
  ticket_id BIGINT NOT NULL,
  term BINARY(16) NOT NULL,
  PRIMARY KEY (ticket_id, term)
);

-- The words themselves, encrypted.
CREATE TABLE term (
  hash BINARY(16) NOT NULL,
  text VARBINARY(400) NOT NULL,
  PRIMARY KEY (hash)
);
