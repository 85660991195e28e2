-- Writes standings whose versions are newer than what is there, so that what comes late or twice changes nothing.
-- KEYS: ranks, places; of a ranking that is being built also whose turn it is to build.
-- ARGV: the builder and how long it has (ms), or two empty texts; then for each standing: player, version, score, member.
-- Returns 0 if the ranking is not whole, or somebody else builds it: then nothing was written.
local ranks, places, build = KEYS[1], KEYS[2], KEYS[3]
if build then
  if redis.call('GET', build) ~= ARGV[1] then return 0 end
elseif not is_whole(ranks, places) then
  return 0
end

local members = 0
for i = 3, #ARGV, 4 do
  local player, version, score, member = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local known, old = string.match(redis.call('HGET', places, player) or '0:', '^(%d+):(.*)$')
  if tonumber(known) < tonumber(version) then
    if old ~= '' then members = members - redis.call('ZREM', ranks, old) end
    if member ~= '' then members = members + redis.call('ZADD', ranks, '-' .. score, member) end
    redis.call('HSET', places, player, version .. ':' .. member)
  end
end
redis.call('HINCRBY', places, '#members', members)
if build then
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
end
return 1
