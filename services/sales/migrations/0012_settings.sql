-- Settings (PLT-25): column = field of crm.sales.v1.SalesSettings. No row until somebody changes them.
CREATE TABLE sales_settings (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  number_pattern VARCHAR(64) NOT NULL,
  inactivity_days INT NULL,
  remind_of_close_date TINYINT NULL,
  remind_of_dwell TINYINT NULL,
  last_editor VARCHAR(64) NULL,
  update_time BIGINT NULL,
  PRIMARY KEY (id)
);
