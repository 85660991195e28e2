-- What a promise stands on: draws that one player can take, a moment that is not before the close. And what is published
-- of it, which belongs to the rules text that each pool is bound to.
ALTER TABLE promise
    ADD COLUMN draws    integer CHECK (draws >= 1),
    ADD COLUMN until_ms bigint CHECK (until_ms >= 1),
    ADD COLUMN terms    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(terms) = 'object');
