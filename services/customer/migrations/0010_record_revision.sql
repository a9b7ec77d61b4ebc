-- The revisions are kept by the platform now (platform/0002_record.sql). The old table stays for
-- replicas of the release before.
INSERT INTO record_revision (name, revision)
SELECT name, revision
FROM config_revision;
