-- Forgets a ranking, and whoever builds it.
-- KEYS: ranks, places, whose turn it is to build.
return redis.call('DEL', unpack(KEYS))
