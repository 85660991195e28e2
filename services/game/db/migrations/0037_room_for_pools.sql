-- Each batch of plays updates its pools and their rows. Room beside a pool keeps its update on its page, out of all indexes,
-- and what is long in it stands elsewhere, so that no update copies it. A pattern that counts is not counted anew each time.
ALTER TABLE pool
    SET (fillfactor = 50, toast_tuple_target = 128),
    DROP CONSTRAINT pool_pool_id_check,
    ADD CONSTRAINT pool_pool_id_check CHECK (pool_id ~ '^[a-z0-9-]+$' AND length(pool_id) <= 32);
ALTER TABLE pool_row
    DROP CONSTRAINT pool_row_row_id_check,
    ADD CONSTRAINT pool_row_row_id_check CHECK (row_id ~ '^[a-z0-9-]+$' AND length(row_id) <= 32);
-- The codes that are there have passed the same rule: there may be millions, and plays would wait while all are read again.
ALTER TABLE voucher
    DROP CONSTRAINT voucher_voucher_batch_check,
    ADD CONSTRAINT voucher_voucher_batch_check CHECK (voucher_batch ~ '^[a-z0-9-]+$' AND length(voucher_batch) <= 32) NOT VALID;
