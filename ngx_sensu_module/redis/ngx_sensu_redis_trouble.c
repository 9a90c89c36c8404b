
/*
 * What can be wrong with a Redis, as it or the system says it, and what the
 * operator should look at: one line a minute for each kind of trouble.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_stat.h"


/* milliseconds between two lines about the same trouble */
#define NGX_SENSU_REDIS_QUIET  60000


typedef struct {
    const char  *text;      /* is somewhere in what was said */
    const char  *advice;
    ngx_uint_t   renew;     /* another connection may lead elsewhere */
} ngx_sensu_redis_trouble_t;


static void ngx_sensu_redis_tell(ngx_sensu_redis_t *redis, const char *name,
    const char *said, ngx_uint_t trouble);
static ngx_uint_t ngx_sensu_redis_trouble(const char *said);


/* the last row is for everything else */

static ngx_sensu_redis_trouble_t
    ngx_sensu_redis_troubles[NGX_SENSU_REDIS_TROUBLES] = {

    { "WRONGPASS", "check user= and password_file= of sensu_redis", 0 },
    { "invalid password", "check password_file= of sensu_redis", 0 },
    { "any password", "it has no password: remove password_file= of "
      "sensu_redis, or set one in Redis", 0 },
    { "NOAUTH", "it wants a password: add password_file= to sensu_redis", 0 },
    { "NOPERM", "its ACL must allow this user GET, SET, EVAL, EVALSHA and "
      "TIME, the keys of prefix=, and with sentinels ROLE", 0 },
    { "executing the script", "its ACL must allow this user GET, SET and TIME, "
      "for sensu_rate_limit", 0 },
    { "LOADING", "it reads its data from disk and will soon answer", 1 },
    { "READONLY", "it is a read-only replica: name the master in "
      "sensu_redis, or use sentinel://", 1 },
    { "MASTERDOWN", "it is a replica without a master: name the master in "
      "sensu_redis, or use sentinel://", 1 },
    { "OOM", "it is full: raise its maxmemory, or let it drop the cursors "
      "nearest to their end with maxmemory-policy volatile-ttl", 0 },
    { "MISCONF", "it cannot save to disk and takes no writes: check its disk "
      "and its log", 0 },
    { "NOREPLICAS", "it has too few replicas to take writes: check them or "
      "its min-replicas-to-write", 0 },
    { "WRONGTYPE", "somebody else uses keys with this prefix: choose another "
      "prefix= in sensu_redis", 0 },
    { "MOVED", "it is part of a cluster: use cluster:// in sensu_redis", 0 },
    { "ASK ", "it is part of a cluster: use cluster:// in sensu_redis", 0 },
    { "CLUSTERDOWN", "the cluster has no master for some slots: check "
      "CLUSTER INFO", 0 },
    { "cluster support disabled", "it is no cluster: use redis:// in "
      "sensu_redis", 0 },
    { "DB index", "it has no such database: check the number in the URL", 0 },
    { "max number of clients", "raise its maxclients, or find who leaves "
      "connections open", 0 },
    { "DENIED", "it is in protected mode: give it a password, and it to "
      "password_file=", 0 },
    { "refused", "check that it runs and listens there", 0 },
    { "No such file", "check that it runs and its unixsocket", 0 },
    { "Permission denied", "check unixsocketperm: nginx's workers must be "
      "able to write to it", 0 },
    { "no answer", "check its load, the network between, and timeout= of "
      "sensu_redis", 0 },
    { "Protocol error", "check that this is the port of a Redis, without "
      "TLS", 0 },
    { "Out of memory", "it answers more than was asked: check that this is "
      "the port of a Redis", 0 },
    { "know the master", "check the master's name in sentinel://", 0 },
    { "not a master", "a fail-over may be under way: the sentinels are asked "
      "again", 0 },
    { "too long for a cursor", "somebody else uses keys with this prefix: "
      "choose another prefix= in sensu_redis", 0 },
    { "", "check the server and its log", 0 }
};


/* an error in the place of an answer */

void
ngx_sensu_redis_refused(ngx_sensu_redis_peer_t *peer, const char *error)
{
    ngx_uint_t  i;

    i = ngx_sensu_redis_trouble(error);

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_ERRORS, 1);

    ngx_sensu_redis_tell(peer->redis, peer->addr.text, error, i);

    if (ngx_sensu_redis_troubles[i].renew
        && peer->state == NGX_SENSU_REDIS_READY
        && ngx_current_msec - peer->ready >= NGX_SENSU_REDIS_STABLE)
    {
        ngx_sensu_redis_peer_lost(peer, error, 0);
    }
}


/* an answer that is no error, and not what the command answers */

void
ngx_sensu_redis_odd(ngx_sensu_redis_cmd_t *cmd, const char *what)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_ERRORS, 1);

    ngx_sensu_redis_tell(cmd->redis, cmd->peer->addr.text, what,
                         ngx_sensu_redis_trouble(what));
}


const char *
ngx_sensu_redis_advice(const char *reason)
{
    return ngx_sensu_redis_troubles[ngx_sensu_redis_trouble(reason)].advice;
}


static void
ngx_sensu_redis_tell(ngx_sensu_redis_t *redis, const char *name,
    const char *said, ngx_uint_t trouble)
{
    u_char  more[64];

    if (redis->told[trouble]
        && ngx_current_msec - redis->told[trouble] < NGX_SENSU_REDIS_QUIET)
    {
        redis->hushed[trouble]++;
        return;
    }

    more[0] = '\0';

    if (redis->hushed[trouble]) {
        ngx_sprintf(more, " (%ui more since the last line)%Z",
                    redis->hushed[trouble]);
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "redis %s answered \"%s\"; %s%s", name, said,
                  ngx_sensu_redis_troubles[trouble].advice, more);

    redis->told[trouble] = ngx_current_msec;
    redis->hushed[trouble] = 0;
}


static ngx_uint_t
ngx_sensu_redis_trouble(const char *said)
{
    ngx_uint_t  i;

    for (i = 0; *ngx_sensu_redis_troubles[i].text != '\0'; i++) {
        if (ngx_strstr(said, ngx_sensu_redis_troubles[i].text) != NULL) {
            break;
        }
    }

    return i;
}
