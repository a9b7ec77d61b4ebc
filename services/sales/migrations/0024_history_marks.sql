-- Of an opportunity that an older system closed: that it did, and that its stages may be unknown.
ALTER TABLE opportunity
  MODIFY furthest_stage VARCHAR(32) NULL,
  ADD COLUMN closed_before_import TINYINT NOT NULL DEFAULT 0;
