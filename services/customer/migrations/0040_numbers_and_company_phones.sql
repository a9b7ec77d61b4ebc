-- Numbers on paper forms until a customer has them (CUS-1), look-up of company phones by their last
-- digits (CUS-25). Rows from before get theirs from the job "rederive-customers".
CREATE TABLE reserved_number (
  number VARCHAR(40) NOT NULL,
  reserved_by VARCHAR(64) NOT NULL,
  reserve_time BIGINT NOT NULL,
  PRIMARY KEY (number)
);

ALTER TABLE customer
  ADD COLUMN company_phone_tail_hash BINARY(16) NULL AFTER company_phone_hash,
  ADD KEY customer_company_phone_tail (company_phone_tail_hash);
