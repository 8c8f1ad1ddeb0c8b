-- Renew: let the lease end no earlier than the given time from now, if the lock is still the caller's.
--
-- Promises: a lock that was lost does not come back; no lease is ever made shorter, so renewals and extensions may
-- arrive in any order.
--
-- KEYS  1 the lock
-- ARGV  1 owner token    2 lease in ms
-- Reply 1 held, 0 no longer the caller's

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
