-- Watch: see to a grant that was not claimed. Who has handed the lock over looks again when the time of the grant has passed.
--
-- Promises: waiters that were stopped or cut off cost those behind them one grant each, however many they are.
--
-- Reply 1 the lock was granted anew, look again; 0 nothing to do

local call = redis.call

-- include fence.lua
-- include queue.lua
-- include baton.lua

return call('EXISTS', KEYS[1]) == 0 and promote() and 1 or 0
