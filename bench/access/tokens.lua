-- One of the tokens of a file for each request, in turn.

local tokens, n = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        tokens[#tokens + 1] = wrk.format("GET", nil, {
            Authorization = "Bearer " .. line })
    end
end

function request()
    n = n % #tokens + 1
    return tokens[n]
end

function done(summary)
    local e = summary.errors
    io.write(string.format("requests %d errors %d\n", summary.requests,
        e.connect + e.read + e.write + e.status + e.timeout))
end
