-- Begins to build a ranking anew: until it is swapped in, the old one is not read or written. Returns 0 if somebody does.
-- KEYS: places, whose turn it is to build. ARGV: the builder, how long it has (ms).
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[1], '#run')
return 1
