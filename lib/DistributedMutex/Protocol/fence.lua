-- Fence: mints fencing tokens; part of acquire, release and watch.
--
-- Promises: every fence is greater than all before it, whoever had them, and still so after expiry, a restart or FLUSHALL,
-- after the clock was set back, or on a replica that took over before it had heard of the last one. They follow the
-- server's clock, in µs; the last one is kept for as long as the clock of any server may yet be behind it. Its expiry goes
-- by that same clock, so setting it back keeps the last fence too: ten minutes only have to cover how far the clock of a
-- replica may be behind. A name that is locked once leaves nothing after that.
--
-- KEYS  3 the last fence

local KEPT = '600000' -- ms

-- The first of so many new fences; time is the reply to TIME. Text rather than numbers, which Redis is slow to print; both
-- fences have sixteen digits until the year 2286.
local function mint(time, count)
  if count == '0' then
    return 0
  end
  local first = time[1] .. string.sub('00000' .. time[2], -6)
  local last = count == '1' and first or string.format('%.0f', first + count - 1)
  local before = call('SET', KEYS[3], last, 'PX', KEPT, 'GET')
  if before and before >= first then
    -- With the command that was allowed a line above: were this one refused, the last fence would have gone back.
    call('SET', KEYS[3], string.format('%.0f', before + count), 'PX', KEPT)
    return before + 1
  end
  return first
end
