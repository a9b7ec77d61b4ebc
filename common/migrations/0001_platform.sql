-- Tables of the mechanisms that every service shares. Times are microseconds since 1970 UTC.

-- Answers of mutating calls, kept 24 h so that a repeat gets the first answer (PLT-5).
CREATE TABLE idempotency (
  key_hash BINARY(16) NOT NULL,      -- caller, method and request id
  request_hash BINARY(16) NOT NULL,  -- the request itself
  create_time BIGINT NOT NULL,
  response MEDIUMBLOB NOT NULL,      -- the answer, encrypted
  PRIMARY KEY (key_hash),
  KEY idempotency_create_time (create_time)
);

-- Events of committed changes (PLT-20). One row holds what one transaction group wrote; the
-- sequencer gives committed rows the position of their first event.
CREATE TABLE outbox (
  id BIGINT NOT NULL,
  position BIGINT NULL,
  event_count INT NOT NULL,
  create_time BIGINT NOT NULL,
  payload MEDIUMBLOB NOT NULL,  -- crm.event.v1.EventBatch
  PRIMARY KEY (id),
  KEY outbox_position (position)
);

-- How far this service has applied the events of another one.
CREATE TABLE event_cursor (
  source VARCHAR(64) NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (source)
);

-- One holder at a time, until it expires: event sequencer, job runs.
CREATE TABLE lease (
  name VARCHAR(64) NOT NULL,
  holder VARCHAR(64) NOT NULL,
  expire_time BIGINT NOT NULL,
  value BIGINT NOT NULL,  -- what the holder keeps, such as the next position
  PRIMARY KEY (name)
);

-- Node numbers of live processes, for time-ordered keys.
CREATE TABLE node_lease (
  node INT NOT NULL,
  holder VARCHAR(64) NOT NULL,
  expire_time BIGINT NOT NULL,
  PRIMARY KEY (node)
);

-- Public numbers, leased in blocks (CUS-1).
CREATE TABLE number_sequence (
  name VARCHAR(64) NOT NULL,
  period VARCHAR(64) NOT NULL,  -- the date part of the pattern, as rendered
  next_value BIGINT NOT NULL,
  PRIMARY KEY (name, period)
);

-- Every change of every resource (CUS-11).
CREATE TABLE history (
  resource_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  resource_type VARCHAR(64) NOT NULL,
  change_time BIGINT NOT NULL,
  actor VARCHAR(64) NOT NULL,
  via VARCHAR(64) NOT NULL,     -- RPC method or job
  changes MEDIUMBLOB NOT NULL,  -- crm.types.v1.ChangeList
  PRIMARY KEY (resource_id, version)
);

-- Business configuration: one row a version, the highest one is in force (PLT-25).
CREATE TABLE setting (
  name VARCHAR(64) NOT NULL,
  version BIGINT NOT NULL,
  value MEDIUMTEXT NOT NULL,
  author VARCHAR(64) NOT NULL,
  reason VARCHAR(255) NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (name, version)
);
