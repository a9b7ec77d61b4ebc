-- Counted every few minutes for the metrics, and filtered by in lists: read from the index alone.
ALTER TABLE customer ADD KEY customer_tier (tier, stage, incomplete);
