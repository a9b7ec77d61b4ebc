-- Service tickets, what happened to them, and when something falls due on them.
CREATE TABLE ticket (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  customer VARCHAR(40) NULL,
  customer_state SMALLINT NOT NULL,
  customer_tier SMALLINT NULL,
  customer_industry VARCHAR(32) NULL,
  contact VARCHAR(40) NULL,
  requester_name VARBINARY(600) NULL,
  requester_phone VARBINARY(200) NULL,
  requester_email VARBINARY(1000) NULL,
  channel VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  external_reference VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  type SMALLINT NOT NULL,
  priority SMALLINT NOT NULL,
  subject VARCHAR(200) NULL,
  description BLOB NOT NULL,
  category VARCHAR(64) NULL,
  assignee VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  status SMALLINT NOT NULL,
  last_measure BLOB NULL,
  solution BLOB NULL,
  root_cause SMALLINT NULL,
  reopen_count BIGINT NULL,
  due_time BIGINT NULL,
  sla_version BIGINT NOT NULL,
  sla_policy VARCHAR(64) NOT NULL,
  escalated_to VARCHAR(64) NULL,
  event_count BIGINT NOT NULL,
  follow_up_time BIGINT NULL,
  done_time BIGINT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY ticket_number (number),
  UNIQUE KEY ticket_reference (channel, external_reference),
  KEY ticket_due (due_time, id),
  KEY ticket_assignee (assignee, due_time, id),
  KEY ticket_team (team, due_time, id),
  KEY ticket_customer (customer, create_time, id),
  KEY ticket_status (status, due_time, id),
  KEY ticket_load (assignee, status),
  KEY ticket_create_time (create_time, id)
);

-- Append-only (TIC-6). The sequence is unique in a ticket: two changes at once cannot both be the
-- next one.
CREATE TABLE ticket_event (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  time BIGINT NOT NULL,
  kind SMALLINT NOT NULL,
  actor VARCHAR(64) NOT NULL,
  status SMALLINT NULL,
  priority SMALLINT NULL,
  assignee VARCHAR(64) NULL,
  text BLOB NULL,
  sla_version BIGINT NULL,
  sla_policy VARCHAR(64) NULL,
  rule VARCHAR(64) NULL,
  level BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY ticket_event_sequence (ticket_id, sequence)
);

-- Tickets that wait for the archive to know their customer (TIC-2). One row until it does.
CREATE TABLE ticket_link (
  ticket_id BIGINT NOT NULL,
  due_time BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  PRIMARY KEY (ticket_id),
  KEY ticket_link_due (due_time)
);

-- When the next escalation of a ticket falls due (TIC-8); none, no row. Claimed by one replica for a
-- few seconds at a time.
CREATE TABLE ticket_timer (
  ticket_id BIGINT NOT NULL,
  due_time BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  claimant VARCHAR(64) NOT NULL,
  PRIMARY KEY (ticket_id),
  KEY ticket_timer_due (due_time)
);

-- The key makes it once (TIC-8).
CREATE TABLE ticket_escalation (
  ticket_id BIGINT NOT NULL,
  rule VARCHAR(64) NOT NULL,
  level BIGINT NOT NULL,
  due_time BIGINT NOT NULL,
  time BIGINT NOT NULL,
  target VARCHAR(64) NULL,
  PRIMARY KEY (ticket_id, rule, level)
);
