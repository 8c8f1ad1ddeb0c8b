-- Watch, of a lock that several may hold at once: see to grants that were not claimed, as watch.lua does.
--
-- Reply 1 the lock was granted anew, look again; 0 nothing to do

local call = redis.call

-- include queue.lua
-- include holders.lua
-- include fence.lua
-- include shared_baton.lua

return promote() > 0 and 1 or 0
