-- A ranking is whole if this very run of the server has built it, and no member was lost since. A server that was started
-- again, or took over, may have forgotten what it had taken.
local function run_id()
  local server = redis.call('INFO', 'server')
  local _, last = string.find(server, 'run_id:', 1, true)  -- a pattern takes longer than all the rest
  return string.sub(server, last + 1, last + 40)
end

local function is_whole(ranks, places)
  local kept = redis.call('HMGET', places, '#run', '#members')
  return kept[1] == run_id() and tonumber(kept[2]) == redis.call('ZCARD', ranks)
end

