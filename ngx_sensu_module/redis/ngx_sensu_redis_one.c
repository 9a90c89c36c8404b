
/*
 * One server, which has all the keys.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_one_greet(ngx_sensu_redis_peer_t *peer);


const ngx_sensu_redis_topology_t  ngx_sensu_redis_one = {
    ngx_sensu_redis_one_greet,
    ngx_sensu_redis_one_pick,
    ngx_sensu_redis_one_redirect
};


static void
ngx_sensu_redis_one_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_greet(peer, 0, NULL, NULL);
}


ngx_sensu_redis_peer_t *
ngx_sensu_redis_one_pick(ngx_sensu_redis_cmd_t *cmd)
{
    return cmd->redis->peers[0];
}


ngx_int_t
ngx_sensu_redis_one_redirect(ngx_sensu_redis_cmd_t *cmd, const char *error)
{
    return NGX_DECLINED;
}
