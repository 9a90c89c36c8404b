-- A page as it is cut in Lua: the whole list is read, decoded, sliced and
-- encoded again. It keeps no cursors; an offset stands for one.

local cjson = require "cjson"

local args = ngx.req.get_uri_args()
local offset, limit = tonumber(args.offset or 0), tonumber(args.limit)

local answer = ngx.location.capture("/whole" .. ngx.var.request_uri:match("^[^?]+"))

if answer.status ~= 200 or answer.truncated then
    return ngx.exit(502)
end

local list, page = cjson.decode(answer.body), {}

for i = offset + 1, math.min(offset + limit, #list) do
    page[#page + 1] = list[i]
end

local text = cjson.encode(page)

ngx.header["Content-Length"] = #text
ngx.print(text)
