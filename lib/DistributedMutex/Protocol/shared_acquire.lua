-- Acquire, of a lock that several may hold at once: hold it if that goes together with those who do and nobody came first;
-- otherwise join the queue, once.
--
-- Promises: as acquire.lua. And of those who hold or wait for permits nobody believes in another number of them.
--
-- ARGV  1 owner token    2 lease in ms    3 "0" for no fence    4 "join" to wait in the queue
-- Reply the fence if the caller holds the lock, 0 if it asked for none; otherwise how long the first of the holders has left,
--       who it is, the server's time, and how many stand before the caller. An error "PERMITS 4" if there are four.

local call = redis.call

-- include queue.lua
-- include holders.lua
-- include fence.lua
-- include shared_baton.lua

local token = ARGV[1]

-- Not shorter, unless it is a grant: this may have been sent on a connection that was lost, and come after an extension.
local function held()
  local ends = call('ZSCORE', KEYS[1], token)
  if ends and (ends - now <= GRANT or ends - now < tonumber(ARGV[2])) then
    hold(token, ARGV[2])
  end
  return ends
end

if held() then
  return fence(token, ARGV[3])
end

local granted, mute = 0, false
if call('EXISTS', KEYS[2]) == 1 then
  -- Some lease has ended, perhaps, and with it the wait of the next.
  granted, mute = promote()
  if granted > 0 and held() then
    return fence(token, ARGV[3])
  end
end

local other = call('ZRANGE', KEYS[1], 0, 0)[1] or call('ZRANGE', KEYS[2], 0, 0)[1]
local agreed = other and permits(other)
if agreed and agreed ~= permits(token) then
  return redis.error_reply(string.format('PERMITS %.0f', agreed))
end

if (mute or call('EXISTS', KEYS[2]) == 0) and fits(token) then
  call('ZREM', KEYS[2], token)
  enter(token, ARGV[2])
  return fence(token, ARGV[3])
end

if ARGV[4] == 'join' then
  join(token)
end
local first = call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local left = first[2] and tonumber(first[2]) - now or -2
return { left < 9e14 and left or -1, first[1] or false, now, granted > 0 and 0 or call('ZRANK', KEYS[2], token) or -1 }
