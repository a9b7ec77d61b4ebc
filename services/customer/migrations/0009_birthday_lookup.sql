-- Keyed hashes of birthdays: the people whose birthday a day is are found without reading everybody
-- (CUS-2). Rows from before get theirs from the job "rederive-customers".
ALTER TABLE customer
  ADD COLUMN birthday_hash BINARY(16) NULL AFTER birthday,
  ADD COLUMN birthday_tail_hash BINARY(16) NULL AFTER birthday_hash,
  ADD KEY customer_birthday_tail (birthday_tail_hash, id);
