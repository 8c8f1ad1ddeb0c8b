-- Shared baton: who may hold together, and who is next; part of shared_acquire, shared_release and shared_watch.
--
-- Promises: first come, first served. Those at the head of the queue go in as long as they may hold together with those who
-- do: readers who stand one behind the other at once, a writer alone, as many as there are permits. Nobody overtakes one who
-- has to wait. A waiter whose process is gone costs the others no more than it does in baton.lua.
--
-- A token says how it wants to hold: "read/...", "write/..." or, one of four permits, "1of4/...".
--
-- KEYS  1 the holders    2 the queue    3 the last fence
-- ARGV  the last: "alone" if the server is the only one, so that its count of listeners is the truth

local function way(token)
  return token and string.match(token, '^(%w+)/')
end

local function permits(token)
  return tonumber(string.match(way(token) or '', '^1of(%d+)$'))
end

-- All that hold together do so in one way, or they would not have been let in.
local count = call('ZCARD', KEYS[1])
local together = way(call('ZRANGE', KEYS[1], 0, 0)[1])

local function fits(token)
  local most = permits(token)
  if most then
    return count < most
  end
  return count == 0 or (way(token) == 'read' and together == 'read')
end

local function enter(token, lease)
  hold(token, lease)
  count = count + 1
  together = way(token)
end

-- A writer's fence is greater than all before it; a reader's is that of the last writer, whose work it reads. Of many
-- permits none is the last: they have none.
local function fence(token, wanted)
  if wanted == '0' or permits(token) then
    return 0
  end
  return way(token) == 'read' and call('GET', KEYS[3]) or mint(time, '1')
end

-- Lets in whoever is next, and says so: how many, and whether it could not be said for want of the right to.
local function promote()
  local granted = 0
  local head = call('ZRANGE', KEYS[2], 0, 0)[1]
  while head and fits(head) do
    local heard = tell(head, 'grant', fence(head))
    if not heard then
      return granted, true
    end
    call('ZREM', KEYS[2], head)
    if heard > 0 or ARGV[#ARGV] ~= 'alone' then
      enter(head, GRANT)
      granted = granted + 1
    end
    head = call('ZRANGE', KEYS[2], 0, 0)[1]
  end
  if granted > 0 and head then
    -- It sleeps for what leases there were before; somebody must see to a grant that is not claimed.
    tell(head, 'ask', GRANT)
  end
  return granted, false
end
