-- Holders: a lock that several may hold at once, as readers do, or those who have one of N permits; part of the "shared" scripts.
--
-- Promises: each holder has a lease of its own, which ends by itself at the server's clock, whatever the others do; the key
-- lives as long as the last lease, and no longer.
--
-- KEYS  1 the holders: owner tokens by the end of their lease, in ms of the server's clock

local GRANT = 3000 -- ms that a winner has to claim its grant for a lease of its own, as in baton.lua

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whose lease has ended is a holder no more: whoever comes by sees to it, and nobody needs to come by.
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))

local function hold(token, lease)
  call('ZADD', KEYS[1], string.format('%.0f', now + lease), token)
  if call('PTTL', KEYS[1]) < tonumber(lease) then
    call('PEXPIRE', KEYS[1], lease)
  end
end
