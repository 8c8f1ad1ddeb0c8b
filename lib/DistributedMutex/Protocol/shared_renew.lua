-- Renew, of a lock that several may hold at once: let the caller's lease end no earlier than the given time from now.
--
-- Promises, arguments and reply: as renew.lua.
--
-- KEYS  1 the holders
-- ARGV  1 owner token    2 lease in ms    3 "claim" or "renew"
-- Reply 1 held, 0 no longer the caller's

local call = redis.call

-- include holders.lua

local ends = call('ZSCORE', KEYS[1], ARGV[1])
if not ends then
  return 0
end
local left = ends - now
if left < tonumber(ARGV[2]) or (ARGV[3] == 'claim' and left <= GRANT) then
  hold(ARGV[1], ARGV[2])
end
return 1
