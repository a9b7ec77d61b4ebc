-- The entries of a ticket lie together, in their order: one index less for each entry, and a
-- history is read from one place. `id` stays what page tokens name.
ALTER TABLE ticket_event
  DROP PRIMARY KEY,
  DROP KEY ticket_event_sequence,
  ADD PRIMARY KEY (ticket_id, sequence);
