
/*
 * The servers of an upstream as nginx sees them: which of them it would ask
 * now, by the rules of ngx_http_upstream_get_peer().  Workers know that
 * together where the upstream has a zone; of a single server nginx keeps no
 * account.
 */


#include "ngx_sensu_metrics.h"


#if (NGX_HTTP_UPSTREAM_ZONE)

static ngx_int_t ngx_sensu_peers_add(ngx_sensu_main_conf_t *smcf,
    ngx_http_upstream_srv_conf_t *uscf);
static void ngx_sensu_peers_of(ngx_http_upstream_rr_peers_t *peers,
    ngx_sensu_peer_pt each, void *data);
static void ngx_sensu_peers_write(void *data, ngx_str_t *upstream,
    ngx_str_t *server, ngx_uint_t up);
static ngx_uint_t ngx_sensu_peer_is_told(ngx_http_upstream_rr_peers_t *peers,
    ngx_http_upstream_rr_peer_t *peer);
static ngx_uint_t ngx_sensu_peer_is_up(ngx_http_upstream_rr_peer_t *peer);


ngx_int_t
ngx_sensu_peers_init(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t                 i;
    ngx_sensu_main_conf_t     *smcf;
    ngx_http_upstream_conf_t  *ucf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    for (i = 0; i < NGX_SENSU_UPSTREAMS; i++) {
        ucf = ngx_sensu_upstream_conf(cf, clcf, i);

        if (ucf != NULL && ucf->upstream != NULL
            && ngx_sensu_peers_add(smcf, ucf->upstream) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_peers_add(ngx_sensu_main_conf_t *smcf,
    ngx_http_upstream_srv_conf_t *uscf)
{
    ngx_uint_t                      i;
    ngx_http_upstream_srv_conf_t  **known;

    if (uscf->shm_zone == NULL) {
        return NGX_OK;
    }

    known = smcf->upstreams.elts;

    for (i = 0; i < smcf->upstreams.nelts; i++) {
        if (known[i] == uscf) {
            return NGX_OK;
        }
    }

    known = ngx_array_push(&smcf->upstreams);
    if (known == NULL) {
        return NGX_ERROR;
    }

    *known = uscf;

    return NGX_OK;
}


void
ngx_sensu_peers(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b)
{
    if (smcf->upstreams.nelts == 0) {
        return;
    }

    ngx_sensu_metrics_head(b, "backend_up", "gauge",
                           "Would nginx ask this server of an upstream that "
                           "has a zone?  0: it is down, or failed max_fails "
                           "times.");

    ngx_sensu_peers_each(smcf, ngx_sensu_peers_write, b);
}


static void
ngx_sensu_peers_write(void *data, ngx_str_t *upstream, ngx_str_t *server,
    ngx_uint_t up)
{
    ngx_sensu_put(data, NGX_SENSU_PREFIX "backend_up{upstream=\"%V\","
                  "server=\"%V\"} %ui\n", upstream, server, up);
}


void
ngx_sensu_peers_each(ngx_sensu_main_conf_t *smcf, ngx_sensu_peer_pt each,
    void *data)
{
    ngx_uint_t                      i;
    ngx_http_upstream_rr_peers_t   *peers;
    ngx_http_upstream_srv_conf_t  **uscf;

    uscf = smcf->upstreams.elts;

    for (i = 0; i < smcf->upstreams.nelts; i++) {
        peers = uscf[i]->peer.data;

        ngx_http_upstream_rr_peers_rlock(peers);

        ngx_sensu_peers_of(peers, each, data);

        ngx_http_upstream_rr_peers_unlock(peers);
    }
}


static void
ngx_sensu_peers_of(ngx_http_upstream_rr_peers_t *peers, ngx_sensu_peer_pt each,
    void *data)
{
    ngx_http_upstream_rr_peer_t   *peer;
    ngx_http_upstream_rr_peers_t  *set;

    /* the second set are those with "backup" */

    for (set = peers; set != NULL; set = set->next) {
        for (peer = set->peer; peer != NULL; peer = peer->next) {

            if (!ngx_sensu_peer_is_told(peers, peer)) {
                each(data, peers->name, &peer->name,
                     ngx_sensu_peer_is_up(peer));
            }
        }
    }
}


/* an address may be there twice; Prometheus takes no series twice */

static ngx_uint_t
ngx_sensu_peer_is_told(ngx_http_upstream_rr_peers_t *peers,
    ngx_http_upstream_rr_peer_t *peer)
{
    ngx_http_upstream_rr_peer_t  *other;

    for ( /* void */ ; peers != NULL; peers = peers->next) {
        for (other = peers->peer; other != NULL; other = other->next) {

            if (other == peer) {
                return 0;
            }

            if (ngx_sensu_str_eq(&other->name, &peer->name)) {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_sensu_peer_is_up(ngx_http_upstream_rr_peer_t *peer)
{
    if (peer->down) {
        return 0;
    }

    return peer->max_fails == 0 || peer->fails < peer->max_fails
           || ngx_time() - peer->checked > peer->fail_timeout;
}

#endif
