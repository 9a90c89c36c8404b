
/*
 * What the files of the Redis client share above the connection: the client
 * of one sensu_redis, its peers (one server each), and commands.
 */


#ifndef _NGX_SENSU_REDIS_PEER_H_INCLUDED_
#define _NGX_SENSU_REDIS_PEER_H_INCLUDED_


#include "ngx_sensu_redis_conn.h"
#include "ngx_sensu_redis.h"


#define NGX_SENSU_REDIS_SLOTS      16384
#define NGX_SENSU_REDIS_PEERS      64      /* of a cluster */
#define NGX_SENSU_REDIS_TROUBLES   48
#define NGX_SENSU_REDIS_KEY        512     /* bytes, with the prefix */
#define NGX_SENSU_REDIS_PREFIX     64
#define NGX_SENSU_REDIS_ARGS       8       /* of a script */

/* time-outs: a connection that was silent for so many more is lost */
#define NGX_SENSU_REDIS_SILENCE    3


typedef struct ngx_sensu_redis_peer_s  ngx_sensu_redis_peer_t;
typedef struct ngx_sensu_redis_cmd_s   ngx_sensu_redis_cmd_t;

typedef void (*ngx_sensu_redis_reply_pt)(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


typedef enum {
    NGX_SENSU_REDIS_IDLE = 0,    /* connects with the next command */
    NGX_SENSU_REDIS_CONNECTING,  /* until the greeting is answered */
    NGX_SENSU_REDIS_READY,
    NGX_SENSU_REDIS_DOWN         /* until the retry timer; commands fail */
} ngx_sensu_redis_state_e;


/* what can be wrong with one */

typedef struct {
    const char                *text;      /* begins what was said */
    const char                *advice;
    ngx_uint_t                 renew;     /* another connection may lead
                                             elsewhere */
} ngx_sensu_redis_trouble_t;


/* one server, sentinels, or a cluster */

typedef struct {

    /* says who we are on a new connection, up to peer_ready() */
    void                       (*greet)(ngx_sensu_redis_peer_t *peer);

    /* whom to ask; NULL: nobody */
    ngx_sensu_redis_peer_t    *(*pick)(ngx_sensu_redis_cmd_t *cmd);

    /* NGX_OK: the error sent the command elsewhere, and it is on its way */
    ngx_int_t                  (*redirect)(ngx_sensu_redis_cmd_t *cmd,
                                     const char *error);
} ngx_sensu_redis_topology_t;


struct ngx_sensu_redis_peer_s {
    ngx_sensu_redis_t           *redis;
    ngx_sensu_redis_conn_t       conn;
    ngx_sensu_redis_addr_t       addr;      /* of conn, or to be tried */
    ngx_uint_t                   found;     /* addr was told by a sentinel */
    const char                  *what;      /* "redis", or "sentinel" */

    ngx_sensu_redis_addr_t      *seeds;     /* to be tried in turn, or NULL */
    ngx_uint_t                   nseeds;
    ngx_uint_t                   seed;      /* the one tried now */
    ngx_uint_t                   tried;     /* of them in vain */

    ngx_sensu_redis_state_e      state;

    ngx_queue_t                  queue;     /* in the order of the answers */
    ngx_uint_t                   sent;      /* so many of it */

    ngx_event_t                  timer;     /* the first deadline */
    ngx_event_t                  retry;     /* connects again */

    ngx_msec_t                   ready;     /* since then */
    ngx_msec_t                   served;    /* last answer to a requester */

    ngx_msec_t                   outage;    /* began then, 0: there is none */
    ngx_uint_t                   refused;   /* in it */
    uint64_t                     told;      /* in it, troubles as bits */
    ngx_msec_t                   said;      /* when one of them was told */

    ngx_uint_t                   slots;     /* it serves, as far as known */
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
    ngx_sensu_redis_reply_pt     reply;     /* takes any answer; NULL: an
                                               error ends the connection */
    ngx_sensu_redis_reply_pt     value;     /* where it is no error */
    ngx_str_t                   *script;    /* text of an EVALSHA's script */
    ngx_msec_t                   start;
    ngx_msec_t                   deadline;
    ngx_uint_t                   slot;
    ngx_uint_t                   hops;
    ngx_uint_t                   nargs;
    ngx_str_t                    buf;
    size_t                       rest;
    ngx_uint_t                   again;     /* may be sent once more */
};


struct ngx_sensu_redis_s {
    ngx_pool_t                  *pool;
    const ngx_sensu_redis_topology_t  *topology;
    ngx_sensu_redis_addr_t      *seeds;     /* servers, or sentinels */
    ngx_uint_t                   nseeds;
    ngx_str_t                    master;    /* its name for the sentinels */
    ngx_uint_t                   db;
    ngx_str_t                    user;
    ngx_str_t                    password;
    ngx_str_t                    prefix;
    ngx_msec_t                   timeout;
    ngx_resolver_t             **resolver;  /* of its block */
    ngx_str_t                    file;      /* where it is configured */
    ngx_uint_t                   line;
    ngx_sensu_redis_tls_t       *tls;       /* NULL: none */
    ngx_sensu_redis_tls_t        tls_conf;

    /* what follows is each worker's own */

    ngx_sensu_redis_peer_t     **peers;     /* one, but in a cluster */
    ngx_uint_t                   npeers;
    u_char                      *slots;     /* a peer's number + 1, or 0 */
    ngx_msec_t                   learnt;    /* when the slots were asked for */
    ngx_msec_t                   told[NGX_SENSU_REDIS_TROUBLES];
    ngx_uint_t                   hushed[NGX_SENSU_REDIS_TROUBLES];
};


extern const ngx_sensu_redis_trouble_t
    ngx_sensu_redis_troubles[NGX_SENSU_REDIS_TROUBLES];

extern const ngx_sensu_redis_topology_t  ngx_sensu_redis_one;
extern const ngx_sensu_redis_topology_t  ngx_sensu_redis_sentinel;
extern const ngx_sensu_redis_topology_t  ngx_sensu_redis_cluster;


/* ngx_sensu_redis_cmd.c; op may be NULL; a key is the second argument */
ngx_sensu_redis_cmd_t *ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis,
    ngx_sensu_op_t *op, ngx_uint_t nargs, ngx_str_t *args, ngx_str_t *key,
    ngx_sensu_redis_reply_pt reply);
void ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc);
void ngx_sensu_redis_fail_fast(ngx_sensu_redis_cmd_t *cmd);

/* its deadline has passed, and it waits on for nobody; sets the peer's timer */
void ngx_sensu_redis_cmd_late(ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_cmd_until(ngx_sensu_redis_cmd_t *cmd);

/* an EVALSHA becomes an EVAL */
ngx_int_t ngx_sensu_redis_cmd_eval(ngx_sensu_redis_cmd_t *cmd);

/* prefix and key; name->data has NGX_SENSU_REDIS_KEY bytes of room */
ngx_int_t ngx_sensu_redis_key(ngx_sensu_redis_t *redis, ngx_str_t *key,
    ngx_str_t *name);

/* ngx_sensu_redis_trouble.c: a number of the table */
ngx_uint_t ngx_sensu_redis_trouble(const char *said);

/* logs it, but once a minute; does: "answered", "was late:" */
void ngx_sensu_redis_tell(ngx_sensu_redis_t *redis, u_char *name,
    const char *does, const char *said);

/* ngx_sensu_redis_outage.c: it is down, try again after so long */
ngx_msec_t ngx_sensu_redis_outage(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_outage_over(ngx_sensu_redis_peer_t *peer);

/* ngx_sensu_redis_peer.c */
ngx_sensu_redis_peer_t *ngx_sensu_redis_peer_create(ngx_pool_t *pool,
    ngx_sensu_redis_t *redis);
void ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer);

/* to addr, and the greeting begins */
void ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer);

/* now, before those that wait; in its turn */
void ngx_sensu_redis_peer_say(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_peer_send(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer);

/* a command would be refused */
ngx_uint_t ngx_sensu_redis_peer_fails(ngx_sensu_redis_peer_t *peer);

/* the connection is of no use any more */
void ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer,
    const char *reason);

/* an error in the place of an answer; an answer that is something else */
void ngx_sensu_redis_peer_refused(ngx_sensu_redis_peer_t *peer,
    const char *error);
void ngx_sensu_redis_peer_odd(ngx_sensu_redis_peer_t *peer, const char *what);

/* ngx_sensu_redis_greeting.c: with a command of the topology, or none */
void ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer, ngx_uint_t nargs,
    ngx_str_t *args, ngx_sensu_redis_reply_pt reply);
void ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_say(ngx_sensu_redis_peer_t *peer, ngx_uint_t nargs,
    ngx_str_t *args, ngx_sensu_redis_reply_pt reply);

/* ngx_sensu_redis_one.c */
ngx_sensu_redis_peer_t *ngx_sensu_redis_one_pick(ngx_sensu_redis_cmd_t *cmd);
ngx_int_t ngx_sensu_redis_one_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error);

/* ngx_sensu_redis.c: an operation and its command, not sent yet */
ngx_sensu_redis_cmd_t *ngx_sensu_redis_ask(ngx_sensu_redis_t *redis,
    ngx_sensu_op_e kind, ngx_uint_t nargs, ngx_str_t *args, ngx_str_t *key,
    ngx_sensu_redis_reply_pt value);
ngx_sensu_op_t *ngx_sensu_redis_send(ngx_sensu_redis_cmd_t *cmd,
    ngx_sensu_op_pt done, void *data);

/* ngx_sensu_redis_url.c */
ngx_int_t ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url);
ngx_int_t ngx_sensu_redis_url_resolve(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis);

/* says what is wrong, and how it should be */
ngx_int_t ngx_sensu_redis_wrong(ngx_conf_t *cf, ngx_str_t *what,
    const char *how);


#endif /* _NGX_SENSU_REDIS_PEER_H_INCLUDED_ */
