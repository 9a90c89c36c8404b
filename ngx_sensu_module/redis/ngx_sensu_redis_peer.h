
/*
 * What the files of the Redis client share: the client of one sensu_redis,
 * its peers (one server and the connection to it), and commands.
 */


#ifndef _NGX_SENSU_REDIS_PEER_H_INCLUDED_
#define _NGX_SENSU_REDIS_PEER_H_INCLUDED_


#include "ngx_sensu_redis.h"
#include <hiredis/async.h>


#define NGX_SENSU_REDIS_SLOTS      16384
#define NGX_SENSU_REDIS_PEERS      64      /* of a cluster */
#define NGX_SENSU_REDIS_HOPS       3       /* MOVED and ASK of one command */
#define NGX_SENSU_REDIS_TROUBLES   32
#define NGX_SENSU_REDIS_KEY        512     /* bytes, with the prefix */
#define NGX_SENSU_REDIS_PREFIX     64
#define NGX_SENSU_REDIS_ARGS       8       /* of a script */

/* milliseconds: a connection that held so long may be renewed at once */
#define NGX_SENSU_REDIS_STABLE     1000


typedef struct ngx_sensu_redis_peer_s  ngx_sensu_redis_peer_t;
typedef struct ngx_sensu_redis_cmd_s   ngx_sensu_redis_cmd_t;

typedef void (*ngx_sensu_redis_reply_pt)(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


typedef enum {
    NGX_SENSU_REDIS_ONE = 0,
    NGX_SENSU_REDIS_SENTINEL,
    NGX_SENSU_REDIS_CLUSTER
} ngx_sensu_redis_topology_e;


typedef enum {
    NGX_SENSU_REDIS_IDLE = 0,    /* connects with the next command */
    NGX_SENSU_REDIS_CONNECTING,  /* until the greeting is answered */
    NGX_SENSU_REDIS_READY,
    NGX_SENSU_REDIS_DOWN         /* until the retry timer; commands fail */
} ngx_sensu_redis_state_e;


typedef struct {
    ngx_uint_t                   port;      /* 0: a unix socket */
    char                         host[108]; /* numeric, or a path */
    char                         text[120]; /* both, for the logs */
} ngx_sensu_redis_addr_t;


struct ngx_sensu_redis_peer_s {
    ngx_sensu_redis_t           *redis;
    ngx_sensu_redis_addr_t       addr;      /* of ac, or to be tried */

    ngx_sensu_redis_addr_t      *seeds;     /* to be tried in turn, or NULL */
    ngx_uint_t                   nseeds;
    ngx_uint_t                   seed;      /* the one tried now */
    ngx_uint_t                   tried;     /* of them in vain */

    ngx_sensu_redis_state_e      state;
    redisAsyncContext           *ac;        /* any other one is history */
    ngx_uint_t                   greeting;  /* answers to it still to come */

    ngx_queue_t                  sent;      /* in the order of the answers */
    ngx_queue_t                  waiting;   /* for the greeting's end */

    ngx_event_t                  timer;     /* the first deadline */
    ngx_event_t                  retry;     /* connects again */

    ngx_msec_t                   started;   /* to connect */
    ngx_msec_t                   ready;     /* since then */
    ngx_uint_t                   failures;  /* in a row */

    ngx_uint_t                   slots;     /* it serves, as far as known */

    unsigned                     told:1;    /* that it is lost or down */
    const char                  *advice;    /* last told */
    const char                  *what;      /* "redis", or "sentinel" */
    char                         reason[160];
};


/*
 * op is NULL for commands of the client's own.  buf is the command on the
 * wire; what follows the first two arguments starts at rest (of an EVALSHA
 * that becomes an EVAL).
 */

struct ngx_sensu_redis_cmd_s {
    ngx_queue_t                  queue;
    ngx_sensu_redis_t           *redis;
    ngx_sensu_redis_peer_t      *peer;
    ngx_sensu_op_t              *op;
    ngx_sensu_redis_reply_pt     reply;
    ngx_str_t                   *script;    /* text of an EVALSHA's script */
    ngx_msec_t                   deadline;
    ngx_uint_t                   slot;
    ngx_uint_t                   hops;
    ngx_uint_t                   nargs;
    ngx_str_t                    buf;
    size_t                       rest;
    unsigned                     asking:1;
    unsigned                     again:1;   /* may be sent once more */
};


struct ngx_sensu_redis_s {
    ngx_pool_t                  *pool;
    ngx_sensu_redis_topology_e   topology;
    ngx_sensu_redis_addr_t      *seeds;     /* servers, or sentinels */
    ngx_uint_t                   nseeds;
    ngx_str_t                    master;    /* its name for the sentinels */
    ngx_uint_t                   db;
    ngx_str_t                    user;
    ngx_str_t                    password;
    ngx_str_t                    prefix;
    ngx_msec_t                   timeout;

    /* what follows is each worker's own */

    ngx_sensu_redis_peer_t     **peers;     /* one, but in a cluster */
    ngx_uint_t                   npeers;
    u_char                      *slots;     /* a peer's number + 1, or 0 */
    ngx_msec_t                   learnt;    /* when the slots were asked for */
    ngx_msec_t                   told[NGX_SENSU_REDIS_TROUBLES];
    ngx_uint_t                   hushed[NGX_SENSU_REDIS_TROUBLES];
};


/* ngx_sensu_redis_adapter.c: hiredis' hooks; NGX_ERROR: no connection left */
ngx_int_t ngx_sensu_redis_attach(redisAsyncContext *ac);

/* ngx_sensu_redis_reader.c: lets no answer through that kills the worker */
void ngx_sensu_redis_guard(redisAsyncContext *ac);

/* ngx_sensu_redis_peer.c */
ngx_sensu_redis_peer_t *ngx_sensu_redis_peer_create(ngx_pool_t *pool,
    ngx_sensu_redis_t *redis);
void ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer);
ngx_int_t ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_peer_send(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_peer_rest(ngx_sensu_redis_peer_t *peer,
    ngx_uint_t force);
void ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer);

/* the connection is of no use any more; freed: hiredis is about to free it */
void ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer,
    const char *reason, ngx_uint_t freed);

/* ngx_sensu_redis_greeting.c */
void ngx_sensu_redis_peer_greet(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_peer_auth(ngx_sensu_redis_peer_t *peer,
    redisCallbackFn *fn, void *data);

/* ngx_sensu_redis.c; op may be NULL, key is the one that makes the slot */
ngx_sensu_redis_cmd_t *ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis,
    ngx_sensu_op_t *op, ngx_uint_t nargs, ngx_str_t *args, ngx_str_t *key,
    ngx_sensu_redis_reply_pt reply);
u_char *ngx_sensu_redis_argument(u_char *p, ngx_str_t *arg);
void ngx_sensu_redis_send(ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_answer(ngx_sensu_redis_cmd_t *cmd, redisReply *reply);
void ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc);
void ngx_sensu_redis_fail_fast(ngx_sensu_redis_cmd_t *cmd);

/* prefix and key; name->data has NGX_SENSU_REDIS_KEY bytes of room */
ngx_int_t ngx_sensu_redis_key(ngx_sensu_redis_t *redis, ngx_str_t *key,
    ngx_str_t *name);

/* ngx_sensu_redis_script.c: NGX_OK: an EVALSHA is on its way as an EVAL */
ngx_int_t ngx_sensu_redis_eval(ngx_sensu_redis_cmd_t *cmd);

/* ngx_sensu_redis_trouble.c */
void ngx_sensu_redis_refused(ngx_sensu_redis_peer_t *peer, const char *error);
void ngx_sensu_redis_odd(ngx_sensu_redis_cmd_t *cmd, const char *what);
const char *ngx_sensu_redis_advice(const char *reason);

/* ngx_sensu_redis_url.c */
ngx_int_t ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url);

/* ngx_sensu_redis_addr.c: NGX_DECLINED: not numeric, or too long */
ngx_int_t ngx_sensu_redis_addr(ngx_sensu_redis_addr_t *addr, u_char *host,
    size_t len, ngx_uint_t port);

/* ngx_sensu_redis_sentinel.c: the peer is connected to a sentinel */
void ngx_sensu_redis_sentinel_ask(ngx_sensu_redis_peer_t *peer);

/* ngx_sensu_redis_cluster.c */
ngx_uint_t ngx_sensu_redis_cluster_slot(ngx_str_t *key);
ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_peer(ngx_sensu_redis_t *redis,
    ngx_uint_t slot);
void ngx_sensu_redis_cluster_learn(ngx_sensu_redis_peer_t *peer);

/* NGX_OK: a MOVED or ASK, and the command is on its way again */
ngx_int_t ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error);


#endif /* _NGX_SENSU_REDIS_PEER_H_INCLUDED_ */
