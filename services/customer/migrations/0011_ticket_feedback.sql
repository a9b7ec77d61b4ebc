-- Answers of customers to the ticket service that are in their file (TIC-10).
CREATE TABLE ticket_feedback (
  ticket VARCHAR(40) NOT NULL,
  time BIGINT NOT NULL,
  follow_up TINYINT NOT NULL,
  PRIMARY KEY (ticket, time, follow_up)
);
