-- Reminders (SAL-10): column = field of crm.sales.v1.Reminder.
CREATE TABLE reminder (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  customer VARCHAR(40) NULL,
  opportunity VARCHAR(40) NULL,
  ticket VARCHAR(40) NULL,
  due_time BIGINT NOT NULL,
  assignee VARCHAR(64) NULL,
  assignee_role VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  text VARCHAR(500) NOT NULL,
  state SMALLINT NOT NULL,
  source SMALLINT NOT NULL,
  rule VARCHAR(32) NULL,
  fire_time BIGINT NULL,
  snoozes INT NULL,
  close_time BIGINT NULL,
  closer VARCHAR(64) NULL,
  close_note VARCHAR(500) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY reminder_number (number),
  KEY reminder_assignee (assignee, state, due_time),
  KEY reminder_role (assignee_role, state, due_time),
  KEY reminder_team (team, state, due_time),
  KEY reminder_creator (creator, id),
  KEY reminder_customer (customer, id),
  KEY reminder_opportunity (opportunity, state, close_time),
  KEY reminder_ticket (ticket, id),
  KEY reminder_state (state, due_time)
);

-- What is to be done when: the earliest first, claimed by a replica for a few seconds (PLT-22).
CREATE TABLE sales_timer (
  kind SMALLINT NOT NULL,  -- 1 a reminder is due, 2 look at an opportunity, 3 a new opportunity
  subject_id BIGINT NOT NULL,  -- reminder.id, opportunity.id
  due_time BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  claimant VARCHAR(64) NOT NULL,
  PRIMARY KEY (kind, subject_id),
  KEY sales_timer_due (kind, due_time),
  KEY sales_timer_next (due_time)
);

-- The key makes an automatic reminder once (SAL-10).
CREATE TABLE reminder_occasion (
  opportunity_id BIGINT NOT NULL,
  source SMALLINT NOT NULL,  -- crm.sales.v1.ReminderSource
  occasion BIGINT NOT NULL,  -- microseconds: when the opportunity came into the state that is reminded of
  reminder_id BIGINT NOT NULL,
  PRIMARY KEY (opportunity_id, source, occasion)
);

-- Opportunities that are there already are looked at within a week of their last change.
INSERT INTO sales_timer (kind, subject_id, due_time, claimed_until, claimant)
SELECT 2, id, update_time + 604800000000, 0, ''
FROM opportunity
WHERE stage_kind = 1;
