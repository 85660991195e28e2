-- Generic cell rate algorithm (ITU-T I.371) for a batch of requests, in the order they came.
-- KEYS: the buckets of every request, one request after the other.
-- ARGV: now, then for each bucket: the number of its request, its emission interval, its tolerance; all in us.
-- Returns for each bucket how long it makes its request wait, in us. A request that has to wait is not counted anywhere.
local now = tonumber(ARGV[1])
local waits, arrivals = {}, {}

local function interval(i) return tonumber(ARGV[3 * i]) end
local function request(i) return ARGV[3 * i - 1] end

local function look(i)
  local arrival = tonumber(redis.call('GET', KEYS[i]) or now)
  -- Further ahead than a burst only a process writes whose clock is ahead of ours: count anew.
  if arrival > now + tonumber(ARGV[3 * i + 1]) + interval(i) then arrival = now end
  arrivals[i] = math.max(now, arrival)
  waits[i] = math.max(0, arrivals[i] - now - tonumber(ARGV[3 * i + 1]))
  return waits[i] == 0
end

local function count(i)
  local arrival = arrivals[i] + interval(i)
  redis.call('SET', KEYS[i], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end

local first = 1
while first <= #KEYS do
  local last, admitted = first, true
  while request(last + 1) == request(first) do last = last + 1 end
  for i = first, last do admitted = look(i) and admitted end
  if admitted then for i = first, last do count(i) end end
  first = last + 1
end
return waits
