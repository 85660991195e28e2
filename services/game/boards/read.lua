-- Reads a stretch of a ranking: around a player, or from a rank on.
-- KEYS: ranks, places. ARGV: the player or an empty text; how many before, or without a player the rank from 0 on; how many
-- after.
-- Returns the rank from 0 on of the first, then member and score of each; nothing more if the player has no rank. Nil: the
-- ranking is not whole.
local ranks, places = KEYS[1], KEYS[2]
if not is_whole(ranks, places) then return false end
local first, last = tonumber(ARGV[2]), ARGV[2] + ARGV[3]
if ARGV[1] ~= '' then
  local member = string.match(redis.call('HGET', places, ARGV[1]) or '0:', ':(.*)$')
  local rank = member ~= '' and redis.call('ZRANK', ranks, member)
  if not rank then return {0} end
  first, last = math.max(0, rank - tonumber(ARGV[2])), rank + tonumber(ARGV[3])
end
return {first, unpack(redis.call('ZRANGE', ranks, first, last, 'WITHSCORES'))}
