-- The event types of which a source may tell, with their reversals. NULL: of all, as before.
ALTER TABLE webhook_source ADD COLUMN types text[] CHECK (cardinality(types) BETWEEN 1 AND 50);
