-- Renew: let the lease end no earlier than the given time from now, if the lock is still the caller's.
--
-- Promises: a lock that was lost does not come back; no lease is made shorter, so renewals and extensions may arrive in
-- any order. Only a claim, the first renewal after a grant, makes that as short as the lease. A lease of 0 only asks.
--
-- KEYS  1 the lock
-- ARGV  1 owner token    2 lease in ms    3 "claim" or "renew"
-- Reply 1 held, 0 no longer the caller's

local GRANT = 3000 -- ms, as in baton.lua
local call = redis.call

if call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local left = call('PTTL', KEYS[1])
if left < tonumber(ARGV[2]) or (ARGV[3] == 'claim' and left <= GRANT) then
  call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
