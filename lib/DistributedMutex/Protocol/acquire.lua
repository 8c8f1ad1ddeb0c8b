-- Acquire: take the lock if it is free, for one lease, and mint its fence.
--
-- Promises: of all callers at most one holds the lock; who asks again with the token that holds it is told so and gets
-- a whole lease (a reply may have been lost); every fence is greater than all before it, also after a restart or FLUSHALL.
--
-- KEYS  1 the lock    2 its last fence
-- ARGV  1 owner token    2 lease in ms
-- Reply {fence} if the caller holds the lock, otherwise {milliseconds left, holder's token}

if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  local holder = redis.call('GET', KEYS[1])
  if holder ~= ARGV[1] then
    return { redis.call('PTTL', KEYS[1]), holder }
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end

local fence = redis.call('INCR', KEYS[2])
if fence == 1 then
  -- No last fence is known. The clock in µs is ahead of any count that began at an earlier clock and rose by one for
  -- each acquisition; for the same reason the count may be forgotten after a day, and so leaves no litter.
  local time = redis.call('TIME')
  fence = time[1] * 1000000 + time[2]
  redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', 86400000)
end
return { fence }
