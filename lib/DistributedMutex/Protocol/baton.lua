-- Baton: what acquire, release and watch do when somebody waits; part of all three, after queue.lua.
--
-- Promises: the lock goes to whoever has waited longest, in one message; a waiter whose process is gone costs the others
-- nothing where that can be seen, and otherwise, as one that dies or stops with the message in its hands, the short grant.
--
-- KEYS  1 the lock    2 its queue: owner tokens by arrival    3 its last fence
-- ARGV  the last: "alone" if the server is the only one, so that its count of listeners is the truth

local GRANT = 3000      -- ms that a winner has to claim the lock for its own lease
local FENCES = '100'    -- fences that come with a grant, one for each hand-over inside the winner's process

-- Grants the lock to the head of the queue, and says so; without one, or without the right to tell it, the lock is free.
local function promote()
  local head = call('ZRANGE', KEYS[2], 0, 0)[1]
  -- If it may not be taken out of the queue, this fails here, before it is told that it was.
  call('ZREM', KEYS[2], '')
  while head do
    local heard = tell(head, 'grant', mint(call('TIME'), FENCES))
    if not heard then
      break
    end
    call('ZREM', KEYS[2], head)
    local second = call('ZRANGE', KEYS[2], 0, 0)[1]
    if heard > 0 or ARGV[#ARGV] ~= 'alone' then
      call('SET', KEYS[1], head, 'PX', GRANT)
      if second then
        -- The others sleep for the lease of the holder before; somebody must see to a grant that is not claimed.
        tell(second, 'ask', GRANT)
      end
      return true
    end
    head = second
  end
  call('DEL', KEYS[1])
  return false
end

-- The reply to a waiter: how long the holder has left, who it is, the server's time, and how many stand before the waiter.
-- Whoever has granted the lock to another sees to that grant, as if it were the next.
local function waiting(token, promoted)
  local rank = call('ZRANK', KEYS[2], token)
  return { call('PTTL', KEYS[1]), call('GET', KEYS[1]), milliseconds(call('TIME')), promoted and 0 or rank or -1 }
end
