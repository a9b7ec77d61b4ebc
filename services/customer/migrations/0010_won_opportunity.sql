-- Won opportunities of the sales service whose purchase could not be recorded (SAL-9): tried again
-- until it can, so that none is lost and none holds up those behind it.
CREATE TABLE won_opportunity (
  number VARCHAR(40) NOT NULL,
  opportunity LONGBLOB NOT NULL,  -- crm.sales.v1.Opportunity
  reason VARCHAR(64) NOT NULL,    -- of the last failure
  first_time BIGINT NOT NULL,     -- of the first failure
  PRIMARY KEY (number)
);
