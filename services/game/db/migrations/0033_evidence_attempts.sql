-- How often a pack was begun: one that cannot be made is not begun for ever.
ALTER TABLE evidence_pack ADD COLUMN attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0);
