"""Rows that take long to come by otherwise: an event that failed, a rejected completion and the like."""

EVENT = """
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, player_id, occurrence,
                   occurred_ms, received_ms, attributes, state, next_attempt_ms, reason)
VALUES ('acme', $1, 'shop', 'msg', sha256('x'), 'review.created', $2, 'o', $3, $3, '{}', 'dead', $3, 'x')"""
DELIVERY = """
INSERT INTO webhook_delivery (brand_id, endpoint_id, message_id, type, lane, data, told_ms, state,
                              next_attempt_ms)
VALUES ('acme', $1, $2, 'play.review', 'x', '{}', $3, 'delivered', $3)"""
TASK = "INSERT INTO task VALUES ($1, 'buy', 'acme', 'purchase.completed', NULL, $2)"
STREAK = "INSERT INTO streak VALUES ($1, 'daily', 'acme', 'checkin.created', $2, 10)"
COMPLETION = """
INSERT INTO task_completion (campaign_id, completion_id, player_id, task_id, nth, state, has_place,
                             changed_ms, reason)
VALUES ($1, $2, $3, 'buy', 1, 'rejected', true, $4, 'x')"""
CREDIT = "INSERT INTO task_credit VALUES ($1, $2, 'buy', sha256('x'), ARRAY[$2::uuid], 'mia', $3)"
BADGES = "INSERT INTO badge SELECT $1, unnest(ARRAY['ox', 'rat', 'tiger']), '虎', 'Tiger', '虎', 'A tiger'"
BADGE_SET = "INSERT INTO badge_set VALUES ($1, 'spring', $2, 1, 10, 1)"
AWARD = "INSERT INTO badge_award VALUES ($1, $2, $3, 'ox', 'task:x', 'held', 1)"
BREAK = """
INSERT INTO ledger_break (kind, operation_id, campaign_id, points, says, found_ms)
VALUES ('theirs_only', 'x', $1, 5, 'x', $2) RETURNING break_id"""
BOARD = """
WITH made AS (INSERT INTO board VALUES ($1, 'best', 'tasks', $2))
INSERT INTO board_season VALUES ($1, 'best', 'all', 1, $3, 0, $3)"""
FIT_ALERT = """
INSERT INTO fit_alert (campaign_id, pool_id, series, at_ms, log_size, draws, entry_index, says)
VALUES ($1, 'wheel', 'proof', $2, 3, 1, 2, 'broken chain')
"""
PACK = """
WITH made AS (
    INSERT INTO evidence_pack VALUES ($1, 'first', $2, 'mia', true, NULL, 0, $2, 3, sha256('x'), 1, $2))
INSERT INTO evidence_chunk VALUES ($1, 'first', 0, 'x')"""
