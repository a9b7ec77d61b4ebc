-- Each customer once more as one encrypted value (docs/adr/0012). NULL or of another version: the
-- columns are read.
ALTER TABLE customer ADD COLUMN packed MEDIUMBLOB NULL;
