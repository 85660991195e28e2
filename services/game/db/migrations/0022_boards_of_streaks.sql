-- Boards may rank by the longest run of a streak.
ALTER TABLE board
    DROP CONSTRAINT board_metric_check,
    ADD CONSTRAINT board_metric_check
        CHECK (metric ~ '^(draws|points|tasks|badges|sets|progress:[a-z0-9-]{1,32}|streak:[a-z0-9-]{1,32})$');
