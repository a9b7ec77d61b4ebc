-- How often each kind of configuration has changed: replicas read it again when this moves on, and
-- changes of one kind are decided one after the other.
CREATE TABLE record_revision (
  name VARCHAR(64) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (name)
);
