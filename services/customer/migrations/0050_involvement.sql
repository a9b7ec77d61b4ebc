-- Who works on which open ticket or opportunity of a customer (PLT-14), by the newest event of the
-- ticket and the sales service.
CREATE TABLE involvement (
  kind TINYINT NOT NULL,       -- 1 ticket, 2 opportunity
  number VARCHAR(40) NOT NULL,
  version BIGINT NOT NULL,     -- of the ticket or opportunity: an older one changes nothing
  user_id VARCHAR(64) NULL,    -- NULL: nobody, or it is not open; such rows are removed after a day
  customer VARCHAR(40) NULL,   -- NULL with user_id
  revision BIGINT NOT NULL,    -- rises with each change of its kind: replicas read what is newer
  update_time BIGINT NOT NULL,
  PRIMARY KEY (kind, number),
  KEY involvement_revision (kind, revision),
  KEY involvement_over (user_id, update_time)
);
