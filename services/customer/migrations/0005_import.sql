-- Imports (CUS-27 to CUS-32): one row an import; column = field of crm.customer.v1.ImportJob.
CREATE TABLE import_job (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,          -- rises with every batch: who is late, fails
  holder VARCHAR(64) NULL,          -- the replica that works on it
  lease_until BIGINT NOT NULL,      -- until then others leave it alone
  position_offset BIGINT NOT NULL,  -- everything before is committed
  position_line BIGINT NOT NULL,
  attempts INT NOT NULL,            -- runs since the last progress
  request_key BINARY(16) NULL,      -- keyed hash of caller and request id
  content_hash BINARY(16) NOT NULL, -- keyed hash of spec and file
  scope LONGBLOB NOT NULL,          -- crm.customer.v1.ImportScope: what the creator may touch
  number VARCHAR(40) NOT NULL,
  kind SMALLINT NOT NULL,
  state SMALLINT NOT NULL,
  file_name VARCHAR(200) NOT NULL,
  file_bytes BIGINT NOT NULL,
  spec LONGTEXT NULL,
  dry_run TINYINT NOT NULL,
  rows_read BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  merged BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  progress LONGTEXT NULL,
  report LONGTEXT NULL,
  verification LONGTEXT NULL,
  error_reason VARCHAR(64) NULL,
  error_message VARCHAR(500) NULL,
  creator VARCHAR(64) NOT NULL,
  team VARCHAR(64) NULL,
  create_time BIGINT NOT NULL,
  start_time BIGINT NULL,
  end_time BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY import_job_number (number),
  UNIQUE KEY import_job_request (request_key),
  KEY import_job_due (state, lease_until),
  KEY import_job_creator (creator, id)
);

-- The file, encrypted, until some time after the import has ended.
CREATE TABLE import_chunk (
  job_id BIGINT NOT NULL,
  sequence INT NOT NULL,
  create_time BIGINT NOT NULL,
  data MEDIUMBLOB NOT NULL,
  PRIMARY KEY (job_id, sequence),
  KEY import_chunk_age (create_time)
);

-- Broken rules, values masked (crm.customer.v1.ImportIssue).
CREATE TABLE import_issue (
  job_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  sequence INT NOT NULL,
  issue BLOB NOT NULL,
  PRIMARY KEY (job_id, line, sequence)
);

-- Rejected rows as they were, encrypted (crm.customer.v1.ImportCells).
CREATE TABLE import_rejected (
  job_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  cells LONGBLOB NOT NULL,
  PRIMARY KEY (job_id, line)
);

-- Rows for the sample check. `rank_hash` is random: the lowest ones are the sample.
CREATE TABLE import_sample (
  job_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  rank_hash BIGINT NOT NULL,
  chosen TINYINT NOT NULL,
  resource_id BIGINT NOT NULL,
  resource_version BIGINT NOT NULL,  -- after this row was applied
  row_data LONGBLOB NOT NULL,        -- crm.customer.v1.ImportSampleSource, encrypted
  marks LONGBLOB NULL,               -- crm.customer.v1.ImportSampleMarks
  PRIMARY KEY (job_id, line),
  KEY import_sample_rank (job_id, rank_hash)
);
