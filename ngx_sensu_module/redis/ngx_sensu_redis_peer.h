
/*
 * What the files of the Redis client share above the connection: the client
 * of one sensu_redis, its peers (one server each), and commands.
 */


#ifndef _NGX_SENSU_REDIS_PEER_H_INCLUDED_
#define _NGX_SENSU_REDIS_PEER_H_INCLUDED_


#include "ngx_sensu_log.h"
#include "ngx_sensu_redis.h"
#include "ngx_sensu_redis_conn.h"


#define NGX_SENSU_REDIS_SLOTS      16384
#define NGX_SENSU_REDIS_SEEDS      32
#define NGX_SENSU_REDIS_PEERS      64      /* of a cluster */
#define NGX_SENSU_REDIS_TROUBLES   48
#define NGX_SENSU_REDIS_KEY        512     /* bytes, with the prefix */
#define NGX_SENSU_REDIS_PREFIX     64

/* time-outs: a connection that was silent for so many more is lost */
#define NGX_SENSU_REDIS_SILENCE    3


typedef struct ngx_sensu_redis_cmd_s  ngx_sensu_redis_cmd_t;

/*
 * An answer, which may be an error.  NGX_AGAIN: the command is on its way once
 * more; else that is its result.
 */
typedef ngx_int_t (*ngx_sensu_redis_reply_pt)(ngx_sensu_redis_cmd_t *cmd,
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


struct ngx_sensu_redis_peer_s {
    ngx_sensu_redis_t           *redis;
    ngx_sensu_redis_conn_t       conn;
    ngx_sensu_redis_addr_t       addr;      /* in a cluster, or of the master
                                               that a sentinel told */

    ngx_uint_t                   seed;      /* the one tried now */
    ngx_uint_t                   tried;     /* in vain, in turn */

    ngx_sensu_redis_state_e      state;

    ngx_queue_t                  sent;      /* in the order of the answers */
    ngx_queue_t                  waiting;   /* until it is ready */

    ngx_event_t                  retry;     /* connects again */

    ngx_msec_t                   ready;     /* since then */
    ngx_msec_t                   served;    /* last answer to a requester */

    ngx_msec_t                   outage;    /* began then, 0: there is none */
    ngx_uint_t                   refused;   /* in it */

    ngx_uint_t                   slots;     /* it serves, as far as known */
};


/* op is NULL for commands of the client's own, and where nobody waits on */

struct ngx_sensu_redis_cmd_s {
    ngx_queue_t                  queue;
    ngx_sensu_redis_peer_t      *peer;
    ngx_sensu_op_t              *op;
    ngx_sensu_redis_reply_pt     reply;
    ngx_uint_t                   hops;
    ngx_uint_t                   again;     /* may be sent once more: does the
                                               same when it is done twice */

    ngx_chain_t                  link;      /* of what is to be written */
    ngx_buf_t                    buf;

    ngx_event_t                  timer;
    ngx_msec_t                   wait;      /* until then, from its begin */
    ngx_uint_t                   late;
};


struct ngx_sensu_redis_s {
    ngx_pool_t                  *pool;
    void                       (*greet)(ngx_sensu_redis_peer_t *peer);
    ngx_str_t                    hosts;     /* as in the URL */
    in_port_t                    port;      /* where they name none */
    ngx_sensu_redis_addr_t       seeds[NGX_SENSU_REDIS_SEEDS];
                                            /* servers, or sentinels */
    ngx_uint_t                   nseeds;
    ngx_str_t                    master;    /* its name for the sentinels */
    ngx_uint_t                   db;
    ngx_str_t                    user;
    ngx_str_t                    password;
    ngx_str_t                    prefix;
    ngx_str_t                    time;
    ngx_msec_t                   timeout;   /* that is it */
    ngx_resolver_t             **resolver;  /* of its block */
    ngx_str_t                    file;      /* where it is configured */
    ngx_uint_t                   line;
    ngx_sensu_redis_tls_t        tls;

    /* what follows is each worker's own */

    ngx_sensu_redis_peer_t      *peers[NGX_SENSU_REDIS_PEERS];
    ngx_uint_t                   npeers;    /* one, but in a cluster */
    ngx_sensu_redis_peer_t     **slots;     /* of a cluster: whose it is */
    ngx_msec_t                   learnt;    /* when the slots were asked for */
    ngx_sensu_damper_t           dampers[NGX_SENSU_REDIS_TROUBLES];
};


/* a sentinel is called so until it has told the master */
#define ngx_sensu_redis_what(peer)                                            \
    ((peer)->redis->master.len && (peer)->conn.addr != &(peer)->addr          \
     ? "sentinel" : "redis")


/* ngx_sensu_redis_outage.c: what is known of what was said */
const ngx_sensu_redis_trouble_t *ngx_sensu_redis_trouble(const char *said);

/* logs it, but once a minute; does: "answered", "was late:" */
void ngx_sensu_redis_tell(ngx_sensu_redis_peer_t *peer, const char *does,
    const char *said);

/* it is down, try again after so long */
ngx_msec_t ngx_sensu_redis_outage(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_outage_over(ngx_sensu_redis_peer_t *peer);

/* ngx_sensu_redis_peer.c */
ngx_sensu_redis_peer_t *ngx_sensu_redis_peer_create(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_addr_t *addr);
void ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer);

/* the greeting begins: it is ready when all of it is answered */
void ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_addr_t *addr);

/* now, before those that wait, NULL: there was no memory; in its turn */
void ngx_sensu_redis_peer_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_peer_send(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
void ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer);

/* a command's end, and that of its operation; its time is over */
void ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc);
void ngx_sensu_redis_peer_late(ngx_event_t *ev);

/* a command would be refused */
ngx_uint_t ngx_sensu_redis_peer_fails(ngx_sensu_redis_peer_t *peer);

/* ends a connection by an answer: the error, or what that is.  NGX_ERROR. */
ngx_int_t ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer,
    redisReply *reply, const char *what);

/* answers of which only an error matters: it ends the connection, it is told */
ngx_int_t ngx_sensu_redis_must(ngx_sensu_redis_cmd_t *cmd, redisReply *reply);
ngx_int_t ngx_sensu_redis_may(ngx_sensu_redis_cmd_t *cmd, redisReply *reply);

/* tells the error, or what came in the place of an answer; NGX_ERROR */
ngx_int_t ngx_sensu_redis_told(ngx_sensu_redis_peer_t *peer, const char *what);

/* ngx_sensu_redis_cmd.c: its time begins.  NULL: no memory. */
ngx_sensu_redis_cmd_t *ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_reply_pt reply, const char *fmt, ...);

/* one of the client's own: now, before those that wait */
#define ngx_sensu_redis_say(peer, reply, ...)                                 \
    ngx_sensu_redis_peer_write(peer, ngx_sensu_redis_cmd((peer)->redis,       \
                                                         reply, __VA_ARGS__))

/* greetings: of one server, of which the others are made, and these */
void ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_sentinel_greet(ngx_sensu_redis_peer_t *peer);
void ngx_sensu_redis_cluster_greet(ngx_sensu_redis_peer_t *peer);

/* ngx_sensu_redis_cluster.c: whom to ask; an error may send it elsewhere */
ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_pick(ngx_sensu_redis_t *redis,
    ngx_str_t *key);
ngx_int_t ngx_sensu_redis_cluster_error(ngx_sensu_redis_cmd_t *cmd,
    const char *error);

/*
 * ngx_sensu_redis.c: an operation of a command, which is NULL where there was
 * no memory.  Returns NULL then, too, and where the key is too long.
 */
ngx_sensu_op_t *ngx_sensu_redis_send(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_cmd_t *cmd, ngx_sensu_op_e kind, ngx_str_t *key,
    ngx_sensu_op_pt done, void *data);

/*
 * The answer to an operation is not what was asked for: an error, which may
 * send it elsewhere, or that what
 */
ngx_int_t ngx_sensu_redis_odd(ngx_sensu_redis_cmd_t *cmd, redisReply *reply,
    const char *what);

/* ngx_sensu_redis_url.c */
ngx_int_t ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url);
ngx_int_t ngx_sensu_redis_url_seeds(ngx_conf_t *cf, ngx_sensu_redis_t *redis);

/* says what is wrong, and how it should be */
ngx_int_t ngx_sensu_redis_wrong(ngx_conf_t *cf, ngx_str_t *what,
    const char *how);


#endif /* _NGX_SENSU_REDIS_PEER_H_INCLUDED_ */
