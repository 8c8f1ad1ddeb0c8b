-- Fence: mints fencing tokens; part of acquire and release.
--
-- Promises: every fence is greater than all before it, whoever had them, and still so after a restart or FLUSHALL.
--
-- KEYS  3 the last fence

-- The first of so many new fences.
local function mint(count)
  count = tonumber(count)
  local last = redis.call('INCRBY', KEYS[3], count)
  if last == count then
    -- No last fence is known. The clock in µs is ahead of any count that began at an earlier clock and rose by less than
    -- one a µs; for the same reason the count may be forgotten after a day, and so leaves no litter.
    local time = redis.call('TIME')
    last = time[1] * 1000000 + time[2] + count
    redis.call('SET', KEYS[3], string.format('%.0f', last), 'PX', 86400000)
  end
  return last - count + 1
end
