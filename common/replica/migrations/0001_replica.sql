-- What a service keeps of the customer archive, fed by its events (PLT-20, PLT-21).
CREATE TABLE customer_copy (
  number VARCHAR(40) NOT NULL,
  version BIGINT NOT NULL,  -- of the customer: an older copy never replaces a newer one
  kind SMALLINT NOT NULL,   -- columns as in crm.customer.v1.Customer
  full_name VARCHAR(100) NOT NULL,
  industry VARCHAR(32) NULL,
  region VARCHAR(32) NULL,
  tier SMALLINT NULL,
  stage SMALLINT NULL,
  source_channel VARCHAR(32) NULL,
  owner VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  PRIMARY KEY (number),
  KEY customer_copy_name (full_name)
);

-- Users and teams, whole.
CREATE TABLE staff_copy (
  kind SMALLINT NOT NULL,  -- 1 user, 2 team
  name VARCHAR(64) NOT NULL,
  version BIGINT NOT NULL,
  message LONGBLOB NOT NULL,  -- crm.customer.v1.StaffUser, StaffTeam
  PRIMARY KEY (kind, name)
);

-- Counts the changes of staff_copy: who has read it knows when to read it again.
CREATE TABLE staff_copy_version (
  id SMALLINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
);
