-- The revisions are kept by the platform now (platform/0002_record.sql).
DROP TABLE config_revision;
