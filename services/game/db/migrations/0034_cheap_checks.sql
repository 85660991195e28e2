-- A pattern that counts to 128 took 30 us of each insert and each update of a row; the same names pass these.
ALTER TABLE operation
    DROP CONSTRAINT operation_operation_id_check,
    ADD CONSTRAINT operation_operation_id_check
        CHECK (operation_id ~ '^[A-Za-z0-9:._~-]+$' AND length(operation_id) <= 128);
ALTER TABLE reward
    DROP CONSTRAINT reward_source_check,
    ADD CONSTRAINT reward_source_check
        CHECK (source ~ '^[!-~]+$' AND length(source) <= 80 AND source NOT LIKE 'draw:%');
ALTER TABLE player
    DROP CONSTRAINT player_subject_check,
    ADD CONSTRAINT player_subject_check CHECK (subject ~ '^[A-Za-z0-9._~-]+$' AND length(subject) <= 64);
