-- /v1/events in batches of 1,000, each event with an id of its own.
local threads = 0
setup = function(thread)
  threads = threads + 1
  thread:set("id", threads)
end
local n = 0
local begin = os.time()
request = function()
  local events = {}
  for i = 1, 1000 do
    n = n + 1
    events[i] = string.format(
      '{"event_type":"click","user_id":"u%d","item_id":"i%d","session_id":"s%d","event_id":"%d-%d-%d"}',
      n % 5000, n % 2000, n % 5000, id, begin, n)
  end
  return wrk.format("POST", "/v1/events", nil, table.concat(events, "\n"))
end
