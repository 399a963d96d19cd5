-- What wrk sends: requests of several conversations in turn; at the end one line of JSON.
-- BENCH_TOKEN, BENCH_BYTES (of a body), BENCH_CONVERSATIONS.

local messages = {}
local turn = 0

local function body(conversation, bytes)
    local head = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Conversation ' .. conversation .. ". "
    local tail = '"}]}'
    return head .. string.rep("a", math.max(0, bytes - #head - #tail)) .. tail
end

function init()
    local conversations = tonumber(os.getenv("BENCH_CONVERSATIONS"))
    local headers = {
        ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
        ["Content-Type"] = "application/json",
        ["Host"] = wrk.headers["Host"],
    }
    for conversation = 1, conversations do
        local text = body(conversation, tonumber(os.getenv("BENCH_BYTES")))
        messages[conversation] = wrk.format("POST", nil, headers, text)
    end
end

function request()
    turn = turn % #messages + 1
    return messages[turn]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"failed":%d,' ..
            '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d},' ..
            '"p50_us":%d,"p90_us":%d,"p99_us":%d,"p999_us":%d,"max_us":%d}\n',
        summary.requests, summary.duration / 1e6,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        errors.connect, errors.read, errors.write, errors.status, errors.timeout,
        latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max))
end
