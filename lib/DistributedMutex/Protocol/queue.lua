-- Queue: who waits for a lock of any kind, and what they are told; part of what grants it.
--
-- KEYS  1 the lock    2 its queue: owner tokens by arrival

local QUEUE = 3600000   -- ms that a queue outlives the last question of a waiter; they ask every ten minutes at least

local function milliseconds(time)
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Tells the process that a token belongs to, in a message that no replica hears: who has missed a failover would take the
-- grant of a server that is none any more, or be taken for a listener of the one that is. Nil: it must not be sent.
-- The part of a token before its random digits names the process or, on a connection that puts a prefix before the names
-- of its channels, "process@prefix". Before it may stand in what way the lock is held: "read/" or "1of4/", say.
local function tell(token, what, number)
  local process, prefix = string.match((string.gsub(token, '^%w+/', '')), '^([^@]*)@?(.*):')
  -- Not by string.format as a whole: it ends a text at its first NUL.
  local message = string.format('%s %.0f %.0f ', what, tonumber(number), milliseconds(call('TIME'))) .. token .. ' ' .. KEYS[1]
  pcall(redis.set_repl, redis.REPL_NONE)
  local heard = redis.pcall('PUBLISH', (prefix or '') .. 'lock-grants:' .. (process or ''), message)
  pcall(redis.set_repl, redis.REPL_ALL)
  return type(heard) == 'number' and heard or nil
end

local function join(token)
  if not call('ZSCORE', KEYS[2], token) then
    local last = call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
    call('ZADD', KEYS[2], (tonumber(last[2]) or 0) + 1, token)
  end
  call('PEXPIRE', KEYS[2], QUEUE)
end
