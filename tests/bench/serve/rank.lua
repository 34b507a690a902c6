-- /v1/rank of 100 items, for another user each time.
local items = {}
for i = 1, 100 do items[i] = string.format('"i%d"', i) end
local list = table.concat(items, ",")
local n = 0
request = function()
  n = n + 1
  local body = string.format('{"user_id":"u%d","target":"purchase","items":[%s]}', n % 5000, list)
  return wrk.format("POST", "/v1/rank", nil, body)
end
