-- Takes events of one part of an endpoint's queue for this process. Nobody else gets them until they are acknowledged,
-- put back, or have been with it for so long that it must be gone: so an event is with one process at a time.
--
-- KEYS[1] the stream
-- ARGV[1] the group, ARGV[2] this process, ARGV[3] who holds what waits for its next attempt
-- ARGV[4] most to take, ARGV[5] most that may be pending where new ones are taken
-- ARGV[6] how long one is with a process, in milliseconds
-- ARGV[7] due is also what was put back longer ago than this, in milliseconds; '' where the pauses count alone
-- ARGV[8] and on: the pause after the first attempt, the second and so on; the last one again and again
-- Returns {attempt, id, fields} of each.

local group, consumer, waiting = ARGV[1], ARGV[2], ARGV[3]
local most = tonumber(ARGV[4])
local bound = tonumber(ARGV[5])
local left_behind = tonumber(ARGV[6])
local recovered = tonumber(ARGV[7])

local function pause(attempts)
  return tonumber(ARGV[math.min(7 + math.max(attempts, 1), #ARGV)])
end

local pending = redis.call('XPENDING', KEYS[1], group, '-', '+', 2 * bound)
local due, attempts = {}, {}
for _, held in ipairs(pending) do
  if #due == most then break end
  local id, holder, idle, count = held[1], held[2], held[3], held[4]
  local is_due
  if holder == waiting then
    is_due = idle >= pause(count) or (recovered ~= nil and idle > recovered)
  else
    is_due = idle >= left_behind
  end
  if is_due then
    due[#due + 1] = id
    attempts[id] = count + 1
  end
end

local taken = {}
if #due > 0 then
  -- Whatever is not in the stream any more leaves the group, and is not among them.
  for _, entry in ipairs(redis.call('XCLAIM', KEYS[1], group, consumer, 0, unpack(due))) do
    if entry then taken[#taken + 1] = {attempts[entry[1]], entry[1], entry[2]} end
  end
end

local room = math.min(most - #taken, bound - #pending)
if room > 0 then
  local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', room, 'STREAMS', KEYS[1], '>')
  if read then
    for _, entry in ipairs(read[1][2]) do taken[#taken + 1] = {1, entry[1], entry[2]} end
  end
end
return taken
