-- Of entry actions, what kind of stage was entered (SAL-2): NULL counts as open.
ALTER TABLE reminder
  ADD COLUMN stage_kind SMALLINT NULL;
