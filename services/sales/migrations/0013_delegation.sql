-- Who stands in for whom (SAL-7): column = field of crm.sales.v1.ApprovalDelegation.
CREATE TABLE approval_delegation (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number VARCHAR(40) NOT NULL,
  delegator VARCHAR(64) NOT NULL,
  deputy VARCHAR(64) NOT NULL,
  start_time BIGINT NOT NULL,
  end_time BIGINT NOT NULL,
  reason VARCHAR(200) NULL,
  creator VARCHAR(64) NOT NULL,
  create_time BIGINT NOT NULL,
  last_editor VARCHAR(64) NOT NULL,
  update_time BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY approval_delegation_number (number),
  KEY approval_delegation_delegator (delegator, id),
  KEY approval_delegation_deputy (deputy, end_time)
);

ALTER TABLE opportunity
  ADD COLUMN probability_approver VARCHAR(64) NULL,
  ADD COLUMN probability_approver_for VARCHAR(64) NULL,
  ADD COLUMN contract_approver_for VARCHAR(64) NULL;
