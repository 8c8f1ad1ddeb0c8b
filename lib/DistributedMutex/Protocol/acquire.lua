-- Acquire: take the lock if it is free and nobody came first; otherwise join the queue, once.
--
-- Promises: of all callers at most one holds the lock; who asks again with the token that holds it is told so and gets a
-- whole lease (a reply may have been lost); nobody overtakes a waiter.
--
-- ARGV  1 owner token    2 lease in ms    3 how many fences to mint    4 "join" to wait in the queue
-- Reply {first fence} if the caller holds the lock, otherwise as waiting()

-- include fence.lua

-- The short way, before the rest is even defined: the lock is free and nobody waits.
if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return { mint(ARGV[3]) }
end

-- include baton.lua

if redis.call('EXISTS', KEYS[1]) == 0 then
  -- It was left by an expired holder or by a client that does not know the queue.
  promote()
  if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    return { mint(ARGV[3]) }
  end
end

if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { mint(ARGV[3]) }
end

if ARGV[4] == 'join' then
  join(ARGV[1])
end
return waiting(ARGV[1])
