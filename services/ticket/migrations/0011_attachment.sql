-- Files of tickets (TIC-9).
CREATE TABLE attachment (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL,
  request_hash BINARY(16) NULL,  -- keyed hash of uploader and request id
  number VARCHAR(40) NOT NULL,
  ticket VARCHAR(40) NOT NULL,
  file_name VARCHAR(200) NOT NULL,
  content_type VARCHAR(100) NOT NULL,
  size BIGINT NOT NULL,
  sha256 CHAR(64) NOT NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY attachment_number (number),
  UNIQUE KEY attachment_request (request_hash),
  KEY attachment_ticket (ticket_id, create_time),
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
