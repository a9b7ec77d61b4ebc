-- How far the job `derive-ticket-rows` has come: what is derived from tickets for reports and would be
-- derived otherwise now, or not at all by what wrote the ticket, is written anew.
CREATE TABLE ticket_derived_state (
  id SMALLINT NOT NULL,        -- 1
  form BIGINT NOT NULL,        -- services/ticket/derive_job.cc; of which all are; 0 = none
  zone VARCHAR(64) NOT NULL,   -- the business zone of that form
  ticket_id BIGINT NOT NULL,   -- the last one looked at since
  PRIMARY KEY (id)
);
INSERT INTO ticket_derived_state (id, form, zone, ticket_id) VALUES (1, 0, '', 0);
