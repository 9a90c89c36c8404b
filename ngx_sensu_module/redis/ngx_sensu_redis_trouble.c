
/*
 * What can be wrong with a Redis, as it or the system says it, and what the
 * operator should look at: one line a minute for each kind of trouble.
 */


#include "ngx_sensu_redis_peer.h"


/* milliseconds between two lines about the same trouble */
#define NGX_SENSU_REDIS_QUIET  60000


/* the last row is for everything else */

const ngx_sensu_redis_trouble_t
    ngx_sensu_redis_troubles[NGX_SENSU_REDIS_TROUBLES] = {

    { "WRONGPASS", "check user= and password_file= of sensu_redis", 0 },
    { "ERR invalid password", "check password_file= of sensu_redis", 0 },
    { "ERR AUTH <password> called", "it has no password: remove "
      "password_file= of sensu_redis, or set one in Redis", 0 },
    { "ERR Client sent AUTH", "it has no password: remove password_file= of "
      "sensu_redis, or set one in Redis", 0 },
    { "ERR unknown command", "it does not know a command that is needed: "
      "check its rename-command lines", 0 },
    { "NOAUTH", "it wants a password: add password_file= to sensu_redis", 0 },
    { "NOPERM", "its ACL must allow this user GET, SET, EVAL, EVALSHA and "
      "TIME, the keys of prefix=, SELECT for another database than 0, with "
      "sentinels ROLE, and with a cluster CLUSTER SLOTS and ASKING", 0 },
    { "ERR The user executing the script", "its ACL must allow this user GET, "
      "SET and TIME, for sensu_rate_limit", 0 },
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
    { "CLUSTERDOWN", "the cluster has no master for some slots: check "
      "CLUSTER INFO", 0 },
    { "ERR This instance has cluster support disabled", "it is no cluster: "
      "use redis:// in sensu_redis", 0 },
    { "ERR DB index is out of range", "it has no such database: check the "
      "number in the URL", 0 },
    { "ERR max number of clients", "raise its maxclients, or find who leaves "
      "connections open", 0 },
    { "DENIED", "it is in protected mode: give it a password, and it to "
      "password_file=", 0 },
    { "Connection refused", "check that it runs and listens there", 0 },
    { "No such file", "check that it runs and its unixsocket", 0 },
    { "Permission denied", "nginx's workers must be able to write to the "
      "socket and to reach its directory: check unixsocketperm", 0 },
    { "no answer in", "check its load, the network between, and timeout= of "
      "sensu_redis", 0 },
    { "Protocol error", "check that this is the port of a Redis, without "
      "TLS", 0 },
    { "it answers more", "check that this is the port of a Redis", 0 },
    { "it does not know the master", "check the master's name in "
      "sentinel://", 0 },
    { "it is not a master", "a fail-over may be under way: the sentinels are "
      "asked again", 0 },
    { "its name cannot be resolved", "check the name, and the resolver of "
      "this server or http block", 0 },
    { "its certificate is for another name", "check the host in the URL, or "
      "name= of sensu_redis", 0 },
    { "its certificate is not trusted", "check ca= of sensu_redis", 0 },
    { "its certificate", "give it a new one", 0 },
    { "error:", "check that this is the TLS port of a Redis, and cert= and "
      "key= of sensu_redis", 0 },
    { "a value too long", "somebody else uses keys with this prefix: choose "
      "another prefix= in sensu_redis", 0 },
    { "a redirection", "check CLUSTER SLOTS of that server; names there need "
      "a resolver of this server or http block", 0 },
    { "MOVED", "it is part of a cluster: use cluster:// in sensu_redis", 0 },
    { "ASK ", "it is part of a cluster: use cluster:// in sensu_redis", 0 },
    { "", "check the server and its log", 0 }
};


ngx_uint_t
ngx_sensu_redis_trouble(const char *said)
{
    size_t      len;
    ngx_uint_t  i;

    for (i = 0; *ngx_sensu_redis_troubles[i].text != '\0'; i++) {
        len = ngx_strlen(ngx_sensu_redis_troubles[i].text);

        if (ngx_strncmp(said, ngx_sensu_redis_troubles[i].text, len) == 0) {
            break;
        }
    }

    return i;
}


void
ngx_sensu_redis_tell(ngx_sensu_redis_t *redis, u_char *name, const char *does,
    const char *said)
{
    u_char      more[64];
    ngx_uint_t  trouble;

    trouble = ngx_sensu_redis_trouble(said);

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

    ngx_sensu_say(NGX_LOG_ERR, ngx_cycle->log,
                  "redis %s %s \"%s\"; %s%s", name, does, said,
                  ngx_sensu_redis_troubles[trouble].advice, more);

    redis->told[trouble] = ngx_max(ngx_current_msec, 1);
    redis->hushed[trouble] = 0;
}
