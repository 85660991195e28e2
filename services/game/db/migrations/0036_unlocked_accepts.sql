-- Plays are judged by what is read without locks, and stored by a statement that finds it unchanged or does nothing.
CREATE FUNCTION demand_unchanged(is_unchanged boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF is_unchanged IS NOT TRUE THEN
        RAISE serialization_failure USING MESSAGE = 'What was read is not there any more.';
    END IF;
END $$;
