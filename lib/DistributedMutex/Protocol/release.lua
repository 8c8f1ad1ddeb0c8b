-- Release: delete the lock if it is still the caller's.
--
-- Promises: a lock that has passed to somebody else is not touched.
--
-- KEYS  1 the lock
-- ARGV  1 owner token
-- Reply 1 released, 0 no longer the caller's

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
