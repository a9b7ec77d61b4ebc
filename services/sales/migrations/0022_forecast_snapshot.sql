-- Forecasts of earlier days (SAL-13). A day has a row for each cell that differs from its last row
-- before: the forecast of a day is the last row of each cell up to that day.
CREATE TABLE forecast_snapshot (
  close_month INT NOT NULL,  -- columns as in forecast_cell
  owner VARCHAR(64) NOT NULL,
  team VARCHAR(64) NOT NULL,
  day INT NOT NULL,  -- yyyymmdd in the business zone; taken as it began
  open_count BIGINT NOT NULL,
  expected DECIMAL(25,2) NOT NULL,
  weighted DECIMAL(27,4) NOT NULL,
  committed DECIMAL(25,2) NOT NULL,
  won_count BIGINT NOT NULL,
  closed DECIMAL(25,2) NOT NULL,
  PRIMARY KEY (close_month, owner, team, day)
);

-- Days that have a snapshot.
CREATE TABLE forecast_day (
  day INT NOT NULL,
  take_time BIGINT NOT NULL,
  PRIMARY KEY (day)
);
