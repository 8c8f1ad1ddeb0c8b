-- Fence: mints fencing tokens; part of acquire and release.
--
-- Promises: every fence is greater than all before it, whoever had them, and still so after a restart or FLUSHALL, or on a
-- replica that took over before it had heard of the last one: they follow the server's clock, in µs, unless more than one a
-- µs are minted or the clock is set back. (A replica's clock must not be behind by more than the failover takes.)
--
-- KEYS  3 the last fence

-- The first of so many new fences.
local function mint(count)
  local time = redis.call('TIME')
  local clock = time[1] * 1000000 + time[2]

  -- What the clock has passed by a day later may be forgotten, and so leaves no litter.
  local before = redis.call('SET', KEYS[3], string.format('%.0f', clock + count), 'PX', 86400000, 'GET')
  if before and tonumber(before) > clock then
    return redis.call('INCRBY', KEYS[3], before - clock) - count + 1
  end
  return clock + 1
end
