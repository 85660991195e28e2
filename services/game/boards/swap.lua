-- Puts a ranking that was built into the place of the old one. Returns 0 if it is somebody else's turn to build by now.
-- KEYS: ranks, places, the new ones of both, whose turn it is to build. ARGV: the builder.
local ranks, places, build = KEYS[1], KEYS[2], KEYS[5]
if redis.call('GET', build) ~= ARGV[1] then return 0 end
redis.call('DEL', ranks, places, build)
for i = 3, 4 do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('RENAME', KEYS[i], KEYS[i - 2])
    redis.call('PERSIST', KEYS[i - 2])
  end
end
redis.call('HSET', places, '#run', run_id(), '#members', redis.call('ZCARD', ranks))
return 1
