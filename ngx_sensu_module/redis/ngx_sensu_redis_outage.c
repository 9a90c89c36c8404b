
/*
 * What can be wrong with a Redis, as it or the system says it, and what the
 * operator should look at; and outages, which are told when they begin, again
 * as long as they last, so that a log of today has those of yesterday, and
 * when they are over, with what they cost.
 */


#include "ngx_sensu_redis_peer.h"


/*
 * Milliseconds.  Who is gone for so long is asked again after a twentieth of
 * that time: a hiccup costs little more than it lasts, however many there
 * were, and a server that is gone for good is asked rarely.
 */
#define NGX_SENSU_REDIS_BACKOFF_MIN   50
#define NGX_SENSU_REDIS_BACKOFF_MAX   5000
#define NGX_SENSU_REDIS_BACKOFF_PART  20


/* the last row is for everything else */

static const ngx_sensu_redis_trouble_t
    ngx_sensu_redis_troubles[NGX_SENSU_REDIS_TROUBLES] = {

    { "WRONGPASS", "check user= and password_file= of sensu_redis", 0 },
    { "ERR AUTH <password> called", "it has no password: remove "
      "password_file= of sensu_redis, or set one in Redis", 0 },
    { "ERR unknown command", "it does not know a command that is needed: "
      "check its rename-command lines", 0 },
    { "NOAUTH", "it wants a password: add password_file= to sensu_redis", 0 },
    { "NOPERM", "its ACL must allow this user GET, SET, EVAL and TIME, the "
      "keys of prefix=, SELECT for another database than 0, with sentinels "
      "ROLE, and with a cluster CLUSTER SLOTS and ASKING", 0 },
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


const ngx_sensu_redis_trouble_t *
ngx_sensu_redis_trouble(const char *said)
{
    const ngx_sensu_redis_trouble_t  *trouble;

    trouble = ngx_sensu_redis_troubles;

    while (ngx_strncmp(said, trouble->text, ngx_strlen(trouble->text)) != 0) {
        trouble++;
    }

    return trouble;
}


void
ngx_sensu_redis_tell(ngx_sensu_redis_peer_t *peer, const char *does,
    const char *said)
{
    ngx_sensu_damper_t               *damper;
    const ngx_sensu_redis_trouble_t  *trouble;

    trouble = ngx_sensu_redis_trouble(said);
    damper = &peer->redis->dampers[trouble - ngx_sensu_redis_troubles];

    ngx_sensu_log(damper, NGX_LOG_ERR, ngx_cycle->log,
                  "redis %s %s \"%s\"; %s", peer->conn.addr->text, does,
                  said, trouble->advice);
}


ngx_msec_t
ngx_sensu_redis_outage(ngx_sensu_redis_peer_t *peer)
{
    ngx_msec_t                        gone, wait;
    const char                       *reason;
    ngx_sensu_damper_t               *damper;
    const ngx_sensu_redis_trouble_t  *trouble;

    reason = peer->conn.reason;
    trouble = ngx_sensu_redis_trouble(reason);
    damper = &peer->redis->dampers[trouble - ngx_sensu_redis_troubles];

    gone = peer->outage ? ngx_current_msec - peer->outage : 0;

    if (peer->outage == 0) {
        peer->outage = ngx_max(ngx_current_msec, 1);
        peer->refused = 0;

        damper->told = 0;
        damper->hushed = 0;

        ngx_sensu_log(damper, NGX_LOG_ERR, ngx_cycle->log,
                      "%s %s is down: %s; %s; what needs it gets an error "
                      "until it is back", ngx_sensu_redis_what(peer),
                      peer->conn.addr->text, reason, trouble->advice);

    } else {
        ngx_sensu_log(damper, NGX_LOG_ERR, ngx_cycle->log,
                      "%s %s is still down after %Mms, %ui requests to it "
                      "were refused: %s; %s", ngx_sensu_redis_what(peer),
                      peer->conn.addr->text, gone, peer->refused, reason,
                      trouble->advice);
    }

    ngx_sensu_outage_seen(peer->conn.addr->text, reason, gone);

    /* or since it last answered, if that was in between */

    wait = ngx_min(gone, ngx_current_msec - peer->served)
           / NGX_SENSU_REDIS_BACKOFF_PART;
    wait = ngx_max(wait, NGX_SENSU_REDIS_BACKOFF_MIN);
    wait = ngx_min(wait, NGX_SENSU_REDIS_BACKOFF_MAX);

    /* spread over 75% to 125%, so that workers do not come as one */

    return wait * (750 + ngx_random() % 501) / 1000;
}


void
ngx_sensu_redis_outage_over(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_say(NGX_LOG_NOTICE, ngx_cycle->log,
                  "%s %s: connected again after %Mms, %ui requests to it "
                  "were refused", ngx_sensu_redis_what(peer),
                  peer->conn.addr->text, peer->ready - peer->outage,
                  peer->refused);

    ngx_sensu_outage_gone(peer->conn.addr->text);

    peer->outage = 0;
}
