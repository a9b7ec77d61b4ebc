-- Reach status with date and who set it (CUS-4), landlines that hint at duplicates (CUS-14), tag rules
-- that fail (CUS-8), look-up of contacts by email (CUS-25).
ALTER TABLE customer
  ADD COLUMN company_phone_hash BINARY(16) NULL,
  ADD COLUMN phone_reach_time BIGINT NULL,
  ADD COLUMN phone_reach_by VARCHAR(64) NULL,
  ADD COLUMN email_reach_time BIGINT NULL,
  ADD COLUMN email_reach_by VARCHAR(64) NULL,
  ADD COLUMN company_phone_reach SMALLINT NULL,
  ADD COLUMN company_phone_reach_time BIGINT NULL,
  ADD COLUMN company_phone_reach_by VARCHAR(64) NULL,
  ADD COLUMN unreachable TINYINT NOT NULL DEFAULT 0,
  ADD KEY customer_company_phone (company_phone_hash);

ALTER TABLE contact
  ADD COLUMN phone_reach SMALLINT NULL,
  ADD COLUMN phone_reach_time BIGINT NULL,
  ADD COLUMN phone_reach_by VARCHAR(64) NULL,
  ADD COLUMN email_reach SMALLINT NULL,
  ADD COLUMN email_reach_time BIGINT NULL,
  ADD COLUMN email_reach_by VARCHAR(64) NULL,
  ADD KEY contact_email (email_hash);

ALTER TABLE tag_rule
  ADD COLUMN last_error VARCHAR(500) NULL,
  ADD COLUMN last_error_time BIGINT NULL,
  ADD COLUMN error_count BIGINT NOT NULL DEFAULT 0;
