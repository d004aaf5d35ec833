"""The ledger of budgets in Redis, as scripts: each runs whole, and nothing else runs meanwhile.

Lua's numbers are floats, exact to 2^53 (nine million dollars in nano-dollars). So sums are left to HINCRBY, which
counts in 64 bits, and are compared as decimal texts. Nothing carries an expiry: what does, a full Redis may evict.

    P a:KEY        hash: spent, reserved, lapsed, used (spent + reserved)
    P r:ID         hash: amount, lapsed (0 or 1), keys (one a line)
    P open         reservations by the end of their lease
    P used         budgets by their last use; P old: what is forgotten some day, by its last use
"""

from __future__ import annotations

from typing import Final

PRELUDE: Final = """
local P, KEPT = KEYS[1], 34560000
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function add(key, field, sign, amount)
  if amount == '0' then return end
  local name = P .. 'a:' .. key
  local held = redis.call('HGET', name, field) or '0'
  -- An error in the middle of a script undoes nothing, so sums stop before the end of 64 bits.
  if sign == '' and #held >= 19 and held >= '7000000000000000000' then return end
  redis.call('HINCRBY', name, field, sign .. amount)
end

local function over(one, other)
  if #one ~= #other then return #one > #other end
  return one > other
end

local function lines(text)
  local found = {}
  for line in string.gmatch(text, '[^\\n]+') do found[#found + 1] = line end
  return found
end

local function touch(key)
  redis.call('ZADD', P .. 'used', now, key)
  local scope, rest = string.match(key, '^(%w+):(.*)$')
  if scope == 'run' or scope == 'day' or (scope == 'node' and string.find(rest, '/', 1, true)) then
    redis.call('ZADD', P .. 'old', now, 'a:' .. key)
  end
end

local function entries(keys, from)
  local found = {}
  for i = from, #keys do
    local row = redis.call('HMGET', P .. 'a:' .. keys[i], 'spent', 'reserved', 'lapsed')
    found[#found + 1] = {keys[i], row[1] or '0', row[2] or '0', row[3] or '0'}
  end
  return found
end

local function lapse()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'open', '-inf', now, 'LIMIT', 0, 1000)) do
    redis.call('ZREM', P .. 'open', id)
    local row = redis.call('HMGET', P .. 'r:' .. id, 'amount', 'keys')
    if row[1] then
      redis.call('HSET', P .. 'r:' .. id, 'lapsed', '1')
      redis.call('ZADD', P .. 'old', now, 'r:' .. id)
      for _, key in ipairs(lines(row[2])) do
        add(key, 'reserved', '-', row[1])
        add(key, 'spent', '', row[1])
        add(key, 'lapsed', '', row[1])
      end
    end
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'old', '-inf', now - KEPT, 'LIMIT', 0, 100)) do
    redis.call('ZREM', P .. 'old', name)
    redis.call('ZREM', P .. 'used', string.sub(name, 3))
    redis.call('DEL', P .. name)
  end
end

lapse()
"""

RESERVE: Final = (
    PRELUDE
    + """
local id, amount, lease, keys, halts = ARGV[1], ARGV[2], tonumber(ARGV[3]), {}, {}
for i = 4, #ARGV, 2 do keys[#keys + 1] = ARGV[i]; halts[#halts + 1] = ARGV[i + 1] end
local refused = {}
if redis.call('EXISTS', P .. 'r:' .. id) == 1 then return {refused, entries(keys, 1)} end
for i, key in ipairs(keys) do
  add(key, 'used', '', amount)
  if over(redis.call('HGET', P .. 'a:' .. key, 'used') or '0', halts[i]) then refused[#refused + 1] = key end
end
if #refused > 0 then
  for _, key in ipairs(keys) do
    add(key, 'used', '-', amount)
    if redis.call('HGET', P .. 'a:' .. key, 'used') == '0' and not redis.call('HGET', P .. 'a:' .. key, 'spent') then
      redis.call('DEL', P .. 'a:' .. key)
    end
  end
else
  for _, key in ipairs(keys) do add(key, 'reserved', '', amount); touch(key) end
  redis.call('HSET', P .. 'r:' .. id, 'amount', amount, 'lapsed', '0', 'keys', table.concat(keys, '\\n'))
  redis.call('ZADD', P .. 'open', now + lease, id)
end
return {refused, entries(keys, 1)}
"""
)

SETTLE: Final = (
    PRELUDE
    + """
local id, amount = ARGV[1], ARGV[2]
local row = redis.call('HMGET', P .. 'r:' .. id, 'amount', 'lapsed', 'keys')
if not row[1] then return {} end
redis.call('DEL', P .. 'r:' .. id)
redis.call('ZREM', P .. 'open', id)
redis.call('ZREM', P .. 'old', 'r:' .. id)
local keys = lines(row[3])
for _, key in ipairs(keys) do
  if row[2] == '1' then
    add(key, 'spent', '-', row[1])
    add(key, 'lapsed', '-', row[1])
  else
    add(key, 'reserved', '-', row[1])
  end
  add(key, 'used', '-', row[1])
  add(key, 'spent', '', amount)
  add(key, 'used', '', amount)
  touch(key)
end
return entries(keys, 1)
"""
)

READ: Final = PRELUDE + "return entries(ARGV, 1)"

NEWEST: Final = PRELUDE + "return entries(redis.call('ZREVRANGE', P .. 'used', 0, tonumber(ARGV[1]) - 1), 1)"
