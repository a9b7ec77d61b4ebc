-- Who takes tickets, and how many at a time (TIC-7).
CREATE TABLE ticket_agent (
  user_id VARCHAR(64) NOT NULL,
  availability SMALLINT NOT NULL,
  capacity BIGINT NOT NULL,
  PRIMARY KEY (user_id)
);
