-- What other services told and the archive could not record yet, mostly because it does not have the
-- customer: won opportunities (SAL-9), answers to the ticket service (TIC-10). Tried again after
-- pauses that double, so that none is lost and none holds up those behind it.
CREATE TABLE waiting_record (
  kind VARCHAR(32) NOT NULL,
  number VARCHAR(100) NOT NULL,  -- of the record, unique in its kind
  payload LONGBLOB NOT NULL,     -- as it came
  reason VARCHAR(64) NOT NULL,   -- of the last failure
  first_time BIGINT NOT NULL,    -- of the first failure
  tries BIGINT NOT NULL,
  due_time BIGINT NOT NULL,      -- of the next try
  PRIMARY KEY (kind, number),
  KEY waiting_record_due (kind, due_time)
);

INSERT INTO waiting_record (kind, number, payload, reason, first_time, tries, due_time)
SELECT 'won_opportunity', number, opportunity, reason, first_time, 0, 0
FROM won_opportunity;

DROP TABLE won_opportunity;
