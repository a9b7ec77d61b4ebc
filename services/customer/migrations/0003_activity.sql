-- What happened to customers: interactions, purchases, products, attachments.
CREATE TABLE interaction (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  channel VARCHAR(32) NULL,
  method VARCHAR(32) NULL,
  direction SMALLINT NULL,
  time BIGINT NOT NULL,
  staff VARCHAR(64) NULL,
  contact VARCHAR(40) NULL,
  content BLOB NOT NULL,
  products LONGTEXT NULL,
  attachments LONGTEXT NULL,
  result VARCHAR(200) NULL,
  follow_up_state SMALLINT NULL,
  priority SMALLINT NULL,
  next_action VARCHAR(32) NULL,
  next_action_due BIGINT NULL,
  late TINYINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  entered_via VARCHAR(40) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY interaction_number (number),
  KEY interaction_customer (customer_id, time, id),
  KEY interaction_time (time, id),
  KEY interaction_due (follow_up_state, next_action_due)
);

CREATE TABLE purchase (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  content_hash BINARY(16) NOT NULL,  -- keyed hash of what was recorded: tells a repeat from a clash
  number VARCHAR(40) NOT NULL,
  source_system VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  order_number VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  items LONGTEXT NULL,
  amount DECIMAL(19,2) NOT NULL,
  ship_to VARBINARY(900) NULL,
  gross_margin DECIMAL(19,2) NULL,
  time BIGINT NOT NULL,
  channel VARCHAR(32) NULL,
  coupon VARCHAR(64) NULL,
  status SMALLINT NOT NULL,
  refunded_amount DECIMAL(19,2) NULL,
  refunds LONGTEXT NULL,
  cancel_time BIGINT NULL,
  cancel_reason VARCHAR(200) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  entered_via VARCHAR(40) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY purchase_number (number),
  UNIQUE KEY purchase_order (source_system, order_number),
  KEY purchase_customer (customer_id, time, id),
  KEY purchase_time (time, id)
);

CREATE TABLE product (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  code VARCHAR(64) NOT NULL,
  name_zh VARCHAR(100) NOT NULL,
  name_en VARCHAR(100) NULL,
  kind SMALLINT NOT NULL,
  category VARCHAR(64) NULL,
  complements LONGTEXT NULL,
  margin DECIMAL(19,2) NULL,
  active TINYINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY product_code (code)
);

-- What a folded name means: codes and names of the products, and names that were mapped by hand.
CREATE TABLE product_name (
  folded VARBINARY(400) NOT NULL,
  product_code VARCHAR(64) NOT NULL,
  own TINYINT NOT NULL,  -- code or name of the product itself
  PRIMARY KEY (folded),
  KEY product_name_code (product_code)
);

CREATE TABLE unmapped_product (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  folded VARBINARY(400) NOT NULL,
  name VARCHAR(100) NOT NULL,
  source VARCHAR(40) NOT NULL,
  count BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY unmapped_product_name (folded, source),
  KEY unmapped_product_seen (last_seen, id)
);

CREATE TABLE attachment (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  customer_id BIGINT NULL,        -- NULL until a record refers to it
  request_hash BINARY(16) NULL,   -- keyed hash of uploader and request id
  number VARCHAR(40) NOT NULL,
  file_name VARCHAR(200) NOT NULL,
  content_type VARCHAR(100) NOT NULL,
  size BIGINT NOT NULL,
  sha256 CHAR(64) NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY attachment_number (number),
  UNIQUE KEY attachment_request (request_hash),
  KEY attachment_customer (customer_id, create_time),
  KEY attachment_content_of (sha256)
);

-- One row a content, however many attachments have it.
CREATE TABLE attachment_content (
  sha256 CHAR(64) NOT NULL,
  content_id BIGINT NOT NULL,  -- of its chunks
  use_time BIGINT NOT NULL,    -- last upload
  PRIMARY KEY (sha256),
  UNIQUE KEY attachment_content_id (content_id)
);

-- Uploads that run, or broke: their chunks are removed after a day.
CREATE TABLE attachment_upload (
  content_id BIGINT NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (content_id),
  KEY attachment_upload_time (create_time)
);

CREATE TABLE attachment_chunk (
  content_id BIGINT NOT NULL,
  seq INT NOT NULL,
  data MEDIUMBLOB NOT NULL,  -- encrypted, at most 1 MiB
  PRIMARY KEY (content_id, seq)
);

-- Levels that time lowers (CUS-5).
CREATE INDEX customer_activity ON customer (activity_level, last_contact_time);
