-- Targets (SAL-19): column = field of crm.sales.v1.Target.
CREATE TABLE sales_target (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  kind SMALLINT NOT NULL,
  subject VARCHAR(64) NOT NULL,
  period VARCHAR(7) NOT NULL,
  amount DECIMAL(19,2) NOT NULL,
  note VARCHAR(200) NULL,
  owner VARCHAR(64) NULL,
  team VARCHAR(64) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY sales_target_number (number),
  UNIQUE KEY sales_target_subject (period, kind, subject)
);
