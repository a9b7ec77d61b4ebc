-- A customer found by an identity alone may have no name yet (CUS-14).
ALTER TABLE customer MODIFY full_name VARCHAR(100) NULL;

-- People at an organisation (CUS-13); column = field of crm.customer.v1.Contact.
CREATE TABLE contact (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  name VARCHAR(50) NOT NULL,
  title VARCHAR(50) NULL,
  department VARCHAR(50) NULL,
  role SMALLINT NULL,
  phone VARBINARY(96) NULL,
  phone_hash BINARY(16) NULL,
  phone_tail_hash BINARY(16) NULL,
  email VARBINARY(900) NULL,
  email_hash BINARY(16) NULL,
  wechat VARBINARY(320) NULL,
  birthday VARBINARY(64) NULL,
  preferences VARBINARY(900) NULL,
  preferred_channels LONGTEXT NULL,
  is_primary TINYINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  -- The customer whose primary contact it is: at most one a customer.
  primary_of BIGINT GENERATED ALWAYS AS (CASE WHEN is_primary = 1 THEN customer_id END) STORED,
  PRIMARY KEY (id),
  UNIQUE KEY contact_number (number),
  UNIQUE KEY contact_primary (primary_of),
  KEY contact_customer (customer_id, id),
  KEY contact_phone_tail (phone_tail_hash)
);

-- Pairs that may be the same customer (CUS-15, CUS-16); once a pair, whatever the reasons.
CREATE TABLE duplicate_candidate (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,        -- the smaller key of the two
  other_customer_id BIGINT NOT NULL,  -- the greater one
  number VARCHAR(40) NOT NULL,
  state SMALLINT NOT NULL,
  score INT NOT NULL,
  reasons LONGTEXT NULL,
  found_by VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY duplicate_number (number),
  UNIQUE KEY duplicate_pair (customer_id, other_customer_id),
  KEY duplicate_other (other_customer_id),
  KEY duplicate_state (state, id)
);

-- Rules that set tags (CUS-8); column = field of crm.customer.v1.TagRule.
CREATE TABLE tag_rule (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  name VARCHAR(50) NOT NULL,
  filter TEXT NOT NULL,
  tag VARCHAR(32) NOT NULL,
  enabled TINYINT NOT NULL,
  last_run_time BIGINT NULL,
  last_added BIGINT NOT NULL,
  last_removed BIGINT NOT NULL,
  request_time BIGINT NULL,
  deleting TINYINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY tag_rule_number (number),
  UNIQUE KEY tag_rule_tag (tag)
);
