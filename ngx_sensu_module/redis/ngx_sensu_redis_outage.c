
/*
 * Outages: told when they begin, again as long as they last, so that a log of
 * today has those of yesterday, and when they are over, with what they cost.
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

#define NGX_SENSU_REDIS_AGAIN         60000


static void ngx_sensu_redis_outage_tell(ngx_sensu_redis_peer_t *peer,
    const char *reason);


ngx_msec_t
ngx_sensu_redis_outage(ngx_sensu_redis_peer_t *peer)
{
    ngx_msec_t  since, wait;

    if (peer->outage == 0) {
        peer->outage = ngx_max(ngx_current_msec, 1);
        peer->refused = 0;
        peer->told = 0;
    }

    ngx_sensu_redis_outage_tell(peer, peer->conn.reason);
    ngx_sensu_outage_seen(peer->addr.text, peer->conn.reason,
                          ngx_current_msec - peer->outage);

    since = peer->outage;

    if ((ngx_msec_int_t) (peer->served - since) > 0) {
        since = peer->served;
    }

    wait = (ngx_current_msec - since) / NGX_SENSU_REDIS_BACKOFF_PART;
    wait = ngx_max(wait, NGX_SENSU_REDIS_BACKOFF_MIN);
    wait = ngx_min(wait, NGX_SENSU_REDIS_BACKOFF_MAX);

    /* spread over 75% to 125%, so that workers do not come as one */

    return wait * (750 + ngx_random() % 501) / 1000;
}


static void
ngx_sensu_redis_outage_tell(ngx_sensu_redis_peer_t *peer, const char *reason)
{
    uint64_t     bit;
    ngx_uint_t   trouble;
    const char  *advice;

    trouble = ngx_sensu_redis_trouble(reason);
    advice = ngx_sensu_redis_troubles[trouble].advice;
    bit = (uint64_t) 1 << trouble;

    if (peer->told == 0) {
        ngx_sensu_say(NGX_LOG_ERR, ngx_cycle->log,
                      "%s %s is down: %s; %s; what needs it gets an error "
                      "until it is back", peer->what, peer->addr.text, reason,
                      advice);

    } else if (!(peer->told & bit)
               || ngx_current_msec - peer->said >= NGX_SENSU_REDIS_AGAIN)
    {
        /* something else turns out to be wrong, or it is long since */

        ngx_sensu_say(NGX_LOG_ERR, ngx_cycle->log,
                      "%s %s is still down after %Mms, %ui requests to it "
                      "were refused: %s; %s", peer->what, peer->addr.text,
                      ngx_current_msec - peer->outage, peer->refused, reason,
                      advice);

    } else {
        return;
    }

    peer->told |= bit;
    peer->said = ngx_current_msec;
}


void
ngx_sensu_redis_outage_over(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_say(NGX_LOG_NOTICE, ngx_cycle->log,
                  "%s %s: connected again after %Mms, %ui requests to it "
                  "were refused", peer->what, peer->addr.text,
                  peer->ready - peer->outage, peer->refused);

    ngx_sensu_outage_gone(peer->addr.text);

    peer->outage = 0;
}
