-- Generic cell rate algorithm (ITU-T I.371) for a batch of requests, in the order they came; those that count in the
-- same buckets together.
-- KEYS: the buckets of each group of requests, one group after the other.
-- ARGV: an array in JSON, since one argument costs less than many: now, then for each bucket: the number of its
-- group, its emission interval, its tolerance, how many requests the group has; times in us.
-- Returns an array in JSON as well: for each group how many of its requests are let through, and how long the others
-- have to wait, in us. A request that has to wait is not counted anywhere.
local numbers = cjson.decode(ARGV[1])
local now = numbers[1]
local arrivals = {}

local function group(i) return numbers[4 * i - 2] end
local function interval(i) return numbers[4 * i - 1] end
local function tolerance(i) return numbers[4 * i] end
local function requests(i) return numbers[4 * i + 1] end

local function look(i)
  local arrival = tonumber(redis.call('GET', KEYS[i]) or now)
  -- Further ahead than a burst only a process writes whose clock is ahead of ours: count anew.
  if arrival > now + tolerance(i) + interval(i) then arrival = now end
  arrivals[i] = math.max(now, arrival)
end

local function wait(first, last)
  local longest = 0
  for i = first, last do longest = math.max(longest, arrivals[i] - now - tolerance(i)) end
  return longest
end

local function count(i)
  local arrival = arrivals[i]
  redis.call('SET', KEYS[i], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end

local first, answers = 1, {}
while first <= #KEYS do
  local last, admitted = first, 0
  while group(last + 1) == group(first) do last = last + 1 end
  for i = first, last do look(i) end
  while admitted < requests(first) and wait(first, last) == 0 do
    for i = first, last do arrivals[i] = arrivals[i] + interval(i) end
    admitted = admitted + 1
  end
  if admitted > 0 then for i = first, last do count(i) end end
  answers[#answers + 1] = admitted
  answers[#answers + 1] = wait(first, last)
  first = last + 1
end
return cjson.encode(answers)
