-- Baton: what acquire and release do when somebody waits; part of both.
--
-- Promises: the lock goes to whoever has waited longest, in one message; a waiter whose process is gone costs the others
-- nothing, one that dies with the message in its hands costs them the short grant.
--
-- KEYS  1 the lock    2 its queue: owner tokens by arrival    3 its last fence

local GRANT = 3000   -- ms that a winner has to claim the lock for its own lease
local FENCES = 100   -- fences that come with a grant, one for each hand-over inside the winner's process

-- In a cluster the subscriber may be at another node than the one that counts.
local cluster = ARGV[#ARGV] == 'cluster'

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Sends to the process that a token belongs to; the number of its listeners. The part of a token before its random digits
-- names the process or, on a connection that puts a prefix before the names of its channels, "process@prefix".
local function tell(token, what, number)
  local process, prefix = string.match(token, '^([^@]*)@?(.*):')
  return redis.call('PUBLISH', (prefix or '') .. 'lock-grants:' .. (process or ''), string.format('%s %s %.0f %.0f', what, token, number, now()))
end

-- Grants the lock to the head of the queue; without one, the lock is free.
local function promote()
  local head = redis.call('ZPOPMIN', KEYS[2])[1]
  while head do
    redis.call('SET', KEYS[1], head, 'PX', GRANT)
    if tell(head, 'grant', mint(FENCES)) > 0 or cluster then
      -- The others sleep for the lease of the holder before; somebody must see to a grant that is not claimed.
      local second = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
      if second then
        tell(second, 'ask', GRANT)
      end
      return
    end
    head = redis.call('ZPOPMIN', KEYS[2])[1]
  end
  redis.call('DEL', KEYS[1])
end

local function join(token)
  if not redis.call('ZSCORE', KEYS[2], token) then
    local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
    redis.call('ZADD', KEYS[2], (tonumber(last[2]) or 0) + 1, token)
  end
end

-- The reply to a waiter: how long the holder has left, who it is, the server's time, and whether the waiter is next.
local function waiting(token)
  local head = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  return { redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]), now(), head == token and 1 or 0 }
end
