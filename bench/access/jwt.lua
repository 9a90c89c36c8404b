-- The check of an HS256 token as it is written where there is no library for
-- it: Debian has no lua-resty-jwt.

local ffi = require "ffi"
local cjson = require "cjson.safe"
local base64 = require "ngx.base64"

local decode = base64.decode_base64url
local libcrypto = ffi.load("libcrypto.so.3")

pcall(ffi.cdef, [[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len,
    const unsigned char *data, size_t n, unsigned char *out, unsigned int *len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]])

local secret = "0123456789abcdef0123456789abcdef"
local sha256 = libcrypto.EVP_sha256()
local mac = ffi.new("unsigned char[32]")

local function check()
    local auth = ngx.var.http_authorization
    local token = auth and auth:match("^Bearer ([%w._-]+)$")

    if not token then
        return false
    end

    local head, body, sig = token:match("^([^.]+)%.([^.]+)%.([^.]+)$")

    if not head then
        return false
    end

    local header = cjson.decode(decode(head) or "")
    local claims = cjson.decode(decode(body) or "")
    sig = decode(sig) or ""

    if type(header) ~= "table" or header.alg ~= "HS256"
       or type(claims) ~= "table" or type(claims.exp) ~= "number"
       or #sig ~= 32
    then
        return false
    end

    local text = head .. "." .. body
    libcrypto.HMAC(sha256, secret, #secret, text, #text, mac, nil)

    return libcrypto.CRYPTO_memcmp(mac, sig, 32) == 0
           and claims.exp > ngx.time()
end

if not check() then
    return ngx.exit(401)
end
