
/*
 * The Redis client as a whole, hiredis and all, against servers that answer
 * what the input says: rightly, something else, in pieces, late, or never; by
 * address and by name, plain and after a handshake.  Every operation
 * completes exactly once, nothing is left behind, and no connection, name or
 * timer outlives the end of the process.
 */


#include "ngx_fuzz.h"
#include "ngx_sensu_store.h"
#include "fuzz.h"


#define FUZZ_OPS  64


typedef struct {
    ngx_sensu_op_t       *op;
    int                   done;
    int                   abandoned;
} fuzz_op_t;


static ngx_sensu_stats_t   fuzz_stats;
static ngx_int_t           fuzz_connected;
static ngx_uint_t          fuzz_nops;
static fuzz_op_t           fuzz_ops[FUZZ_OPS];


ngx_sensu_stats_t  *ngx_sensu_stats = &fuzz_stats;


static const char *const  answers[] = {
    "+OK\r\n", "$-1\r\n", "$3\r\nabc\r\n", "-ERR x\r\n", ":1\r\n", "*0\r\n",
    "*2\r\n:1\r\n:2\r\n", "*1\r\n$6\r\nmaster\r\n", "*-1\r\n",
    "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n", "-NOSCRIPT x\r\n",
    "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.2\r\n:7000\r\n",
    "*2\r\n*3\r\n:0\r\n:99\r\n*2\r\n$0\r\n\r\n:7000\r\n",
    "*3\r\n:50\r\n:16384\r\n*2\r\n$3\r\n::1\r\n:1\r\n",
    "*1\r\n*3\r\n:-1\r\n:5\r\n*2\r\n$9\r\n127.0.0.1\r\n:0\r\n",
    "*2\r\n$5\r\nredis\r\n$4\r\n6379\r\n", "-MOVED 7 other:7006\r\n",
    "-MOVED 3999 127.0.0.3:7003\r\n", "-ASK 3999 127.0.0.4:7004\r\n",
    "-MOVED 1 :7005\r\n", "-MOVED 99999 x\r\n", "-MOVED \r\n", "-ASK x\r\n",
    "-LOADING x\r\n", "-READONLY x\r\n", "-NOAUTH x\r\n", "-WRONGPASS\r\n",
    "-NOPERM x\r\n", "$5000\r\n", "$-5\r\n", "*2147483647\r\n",
    "*16385\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    ":99999999999999999999999\r\n", ":\r\n", "$\r\n", "*\r\n", "+\r\n",
    "-\r\n", "\r\n", "HTTP/1.1 400 x\r\n", "*8\r\n:1\r\n", "\xff", "$1",
    "*9\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n"
};

#define ANSWERS  (sizeof(answers) / sizeof(answers[0]))


void
ngx_sensu_stat_latency(ngx_sensu_op_e op, ngx_uint_t usec)
{
    (void) op;
    (void) usec;
}


void
ngx_sensu_stat_connections(ngx_int_t n)
{
    fuzz_connected += n;
}


static void
fuzz_done(ngx_sensu_op_t *op)
{
    fuzz_op_t  *o = op->data;

    fuzz_must(!o->done && !o->abandoned && o->op == op, "completed twice");
    fuzz_must(op->rc == NGX_OK || op->rc == NGX_DECLINED
              || op->rc == NGX_ERROR, "a result like no other");
    fuzz_must(op->nints <= NGX_SENSU_OP_INTS, "more integers than there can "
                                              "be");
    fuzz_must(op->value.len <= NGX_SENSU_REDIS_STRING, "too long a value");

    o->done = 1;
}


static void
fuzz_ask(ngx_sensu_store_t *store, unsigned which)
{
    fuzz_op_t  *o;
    ngx_str_t   key = ngx_string("0123456789012345678901");
    ngx_str_t   value = ngx_string("s1");

    static ngx_str_t  script = ngx_string("return {1, 2}");

    if (fuzz_nops == FUZZ_OPS) {
        return;
    }

    o = &fuzz_ops[fuzz_nops++];
    o->done = o->abandoned = 0;

    switch (which % 3) {

    case 0:
        o->op = ngx_sensu_store_get(store, &key, fuzz_done, o);
        break;

    case 1:
        o->op = ngx_sensu_store_set(store, &key, &value, 300, fuzz_done, o);
        break;

    default:
        o->op = ngx_sensu_redis_script(store->ctx, &script, &key, 1000, 5,
                                       fuzz_done, o);
    }

    fuzz_must(o->op != NULL, "no operation");
    fuzz_must(!o->done, "completed in the caller's stack");
}


static void
fuzz_abandon(unsigned which)
{
    fuzz_op_t  *o;

    if (fuzz_nops) {
        o = &fuzz_ops[which % fuzz_nops];

        if (!o->done && !o->abandoned) {
            o->op->done = NULL;
            o->abandoned = 1;
        }
    }
}


/* one turn of the event loop: what can be written and read */

static void
fuzz_turn(void)
{
    ngx_uint_t  i;

    fuzz_run_posted();

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        if (fuzz_connections[i].client) {
            fuzz_events(&fuzz_connections[i]);
        }
    }
}


static void
fuzz_say(const void *data, size_t len, unsigned which)
{
    ngx_uint_t          i;
    fuzz_connection_t  *place;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        place = &fuzz_connections[(which + i) % FUZZ_CONNECTIONS];

        if (place->client && place->server != -1) {
            (void) send(place->server, data, len, MSG_NOSIGNAL);
            place->edge = 1;
            return;
        }
    }
}


static void
fuzz_hang_up(unsigned which)
{
    ngx_uint_t          i;
    fuzz_connection_t  *place;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        place = &fuzz_connections[(which + i) % FUZZ_CONNECTIONS];

        if (place->client && place->server != -1) {
            fuzz_close(place);
            return;
        }
    }
}


static void
fuzz_make(ngx_sensu_redis_t *redis, unsigned how)
{
    ngx_uint_t               i;
    ngx_sensu_redis_addr_t  *seeds;

    static ngx_resolver_t  *resolver;

    static void (*const  greets[])(ngx_sensu_redis_peer_t *peer) = {
        ngx_sensu_redis_greet, ngx_sensu_redis_sentinel_greet,
        ngx_sensu_redis_cluster_greet
    };

    ngx_memzero(redis, sizeof(ngx_sensu_redis_t));

    seeds = redis->seeds;

    (void) ngx_sensu_redis_addr(&seeds[0], (u_char *) "127.0.0.1", 9, 6379);
    (void) ngx_sensu_redis_addr(&seeds[1], (u_char *) "a.name", 6, 6380);

    redis->greet = greets[how % 3];
    redis->nseeds = 2;
    redis->timeout = 250;
    redis->tls.on = (how & 16);
    ngx_str_set(&redis->prefix, "sensu:");

    if (how % 3 == 1) {
        ngx_str_set(&redis->master, "mymaster");
    }

    /* that there is one is all that is looked at */
    resolver = (how & 32) ? (ngx_resolver_t *) redis : NULL;
    redis->resolver = &resolver;

    if (how & 8) {
        ngx_str_set(&redis->password, "secret");
        redis->db = (how % 3 != 2);
    }

    if (how % 3 == 2) {
        redis->slots = ngx_pcalloc(NULL, NGX_SENSU_REDIS_SLOTS
                                         * sizeof(ngx_sensu_redis_peer_t *));
    }

    for (i = 0; i < (redis->slots ? 2 : 1); i++) {
        (void) ngx_sensu_redis_peer_create(redis, &seeds[i]);
    }
}


/* each slot that is somebody's is counted with him */

static void
fuzz_slots(const ngx_sensu_redis_t *redis)
{
    ngx_uint_t  i, n, slot;

    if (redis->slots == NULL) {
        return;
    }

    for (i = 0; i < redis->npeers; i++) {
        n = 0;

        for (slot = 0; slot < NGX_SENSU_REDIS_SLOTS; slot++) {
            n += (redis->slots[slot] == redis->peers[i]);
        }

        fuzz_must(redis->peers[i]->slots == n, "slots miscounted");
    }
}


static void
fuzz_end(ngx_sensu_redis_t *redis)
{
    ngx_uint_t  i;

    /* who waits for an answer does so for the time-out, and not longer */

    for (i = 0; i < 4; i++) {
        fuzz_turn();
        fuzz_wait(redis->timeout);
    }

    fuzz_turn();

    for (i = 0; i < fuzz_nops; i++) {
        fuzz_must(fuzz_ops[i].done || fuzz_ops[i].abandoned,
                  "an operation that does not end");
    }

    fuzz_slots(redis);

    ngx_sensu_redis_exit_process(redis);
    fuzz_run_posted();

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        fuzz_must(fuzz_connections[i].client == NULL, "a connection is left");
        fuzz_must(fuzz_names[i] == NULL, "a name is left");
    }

    fuzz_must(fuzz_ntimers == 0, "a timer is left");
    fuzz_must(fuzz_connected == 0, "connections miscounted");

    fuzz_free_pool();
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t              i, n;
    ngx_conf_t          cf;
    ngx_sensu_redis_t   redis;
    ngx_sensu_store_t  *store;

    if (fuzz_cycle.log == NULL) {
        fuzz_nginx_init();
    }

    if (size < 2 || size > 500) {
        return 0;
    }

    ngx_current_msec = 1000000;
    fuzz_nops = 0;
    fuzz_refuse = 0;
    srandom(1);

    ngx_memzero(&cf, sizeof(cf));
    fuzz_make(&redis, data[0]);
    store = ngx_sensu_store_redis(&cf, &redis);

    ngx_sensu_redis_init_process(&redis);

    for (i = 1; i + 1 < size; i += 2) {

        switch (data[i] % 16) {

        case 0:
        case 1:
        case 2:
            fuzz_ask(store, data[i + 1]);
            break;

        case 3:
            fuzz_abandon(data[i + 1]);
            break;

        case 4:
            fuzz_wait(data[i + 1] * 10);
            break;

        case 5:
            fuzz_hang_up(data[i + 1]);
            break;

        case 6:
            /* bytes as they are */
            n = ngx_min((size_t) data[i + 1] % 32, size - i - 2);
            fuzz_say(data + i + 2, n, data[i] >> 4);
            i += n;
            break;

        case 7:
            fuzz_resolve(data[i + 1]);
            break;

        case 8:
            fuzz_refuse = data[i + 1] & 3;
            continue;

        case 9:
            /* no turn before the next step */
            continue;

        default:
            n = data[i + 1] % ANSWERS;
            fuzz_say(answers[n], strlen(answers[n]), data[i] >> 4);
        }

        fuzz_turn();
    }

    fuzz_end(&redis);

    return 0;
}
