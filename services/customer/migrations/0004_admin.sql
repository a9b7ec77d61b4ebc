-- How often each kind of configuration has changed. Every change moves its row on from the value it
-- was decided on, so changes of one kind come one after the other; replicas read it to notice others'.
CREATE TABLE config_revision (
  name VARCHAR(32) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (name)
);

-- The staff directory (PLT-31); column = field of crm.customer.v1.StaffUser.
CREATE TABLE staff_user (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  user_id VARCHAR(64) NOT NULL,
  name VARCHAR(50) NOT NULL,
  roles LONGTEXT NULL,
  team VARCHAR(64) NULL,
  supervisor VARCHAR(64) NULL,
  skills LONGTEXT NULL,
  status SMALLINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY staff_user_id (user_id),
  KEY staff_user_team (team)
);

-- The team tree; column = field of crm.customer.v1.StaffTeam.
CREATE TABLE staff_team (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  team_id VARCHAR(64) NOT NULL,
  name VARCHAR(50) NOT NULL,
  parent VARCHAR(64) NULL,
  supervisor VARCHAR(64) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY staff_team_id (team_id)
);

-- Managed lists that were changed (CUS-5); the others are as the program brings them along, version 1.
CREATE TABLE managed_list (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  list VARCHAR(64) NOT NULL,
  entries LONGTEXT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY managed_list_name (list)
);

-- Definitions of custom fields (CUS-9); column = field of crm.customer.v1.CustomField.
CREATE TABLE custom_field (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  field_key VARCHAR(48) NOT NULL,
  label_zh VARCHAR(50) NOT NULL,
  label_en VARCHAR(80) NOT NULL,
  type SMALLINT NOT NULL,
  required TINYINT NULL,
  kinds LONGTEXT NULL,
  pattern VARCHAR(200) NULL,
  min_length INT NULL,
  max_length INT NULL,
  min_number DOUBLE NULL,
  max_number DOUBLE NULL,
  min_date DATE NULL,
  max_date DATE NULL,
  options LONGTEXT NULL,
  hint_zh VARCHAR(200) NULL,
  hint_en VARCHAR(200) NULL,
  sort_order INT NULL,
  retired TINYINT NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY custom_field_key (field_key)
);
