
/*
 * One rate limit for a whole fleet, see ngx_sensu_gcra.h.
 */


#include "ngx_sensu_gcra.h"
#include <ngx_sha1.h>


/* bytes of a key that stand in Redis as they are */
#define NGX_SENSU_GCRA_KEY   200

#define NGX_SENSU_GCRA_SHA1  20


/*
 * The key holds the time, in microseconds, at which the limit is whole again
 * (the algorithm's "theoretical arrival time"), and ends at it.  The clock may
 * be set back: a time a little further ahead than this limit can have led to
 * is cut, and one more than a window further (or no number) is forgotten, as
 * cutting it would refuse for as long as the clock was set back.  Numbers are
 * printed with %.0f, as Lua's own form of them would lose the last digits.
 */

static ngx_str_t  ngx_sensu_gcra_script = ngx_string(
    "local interval = tonumber(ARGV[1])\n"
    "local limit = tonumber(ARGV[2]) + 1\n"
    "local window = interval * limit\n"
    "local time = redis.call('TIME')\n"
    "local now = tonumber(time[1]) * 1000000 + tonumber(time[2])\n"
    "local whole = tonumber(redis.call('GET', KEYS[1])) or now\n"
    "if not (whole >= now and whole <= now + 2 * window) then\n"
    "    whole = now\n"
    "end\n"
    "whole = math.min(whole, now + window)\n"
    "local after = whole + interval\n"
    "local over = after - window - now\n"
    "if over > 0 then\n"
    "    return {0, limit, 0, math.ceil(over / 1000),\n"
    "            math.ceil((whole - now) / 1000)}\n"
    "end\n"
    "local ms = math.ceil((after - now) / 1000)\n"
    "redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', ms)\n"
    "return {1, limit, math.floor(-over / interval), 0, ms}\n"
);


ngx_sensu_op_t *
ngx_sensu_gcra(ngx_sensu_redis_t *redis, ngx_str_t *key, ngx_uint_t interval,
    ngx_uint_t burst, ngx_sensu_op_pt done, void *data)
{
    u_char      buf[sizeof("rate:k:") + NGX_SENSU_GCRA_KEY], *p;
    u_char      digest[NGX_SENSU_GCRA_SHA1];
    ngx_str_t   name;
    ngx_sha1_t  sha1;

    /* the letter keeps a short key from passing for the hash of a long one */

    if (key->len <= NGX_SENSU_GCRA_KEY) {
        p = ngx_cpymem(buf, "rate:k:", sizeof("rate:k:") - 1);
        p = ngx_cpymem(p, key->data, key->len);

    } else {
        p = ngx_cpymem(buf, "rate:h:", sizeof("rate:h:") - 1);

        ngx_sha1_init(&sha1);
        ngx_sha1_update(&sha1, key->data, key->len);
        ngx_sha1_final(digest, &sha1);

        p = ngx_hex_dump(p, digest, NGX_SENSU_GCRA_SHA1);
    }

    name.data = buf;
    name.len = p - buf;

    return ngx_sensu_redis_script(redis, &ngx_sensu_gcra_script, &name,
                                  interval, burst, done, data);
}
