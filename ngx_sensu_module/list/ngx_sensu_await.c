
/*
 * A fetch that waits before it goes to the backend.  limit_req waits by the
 * client's write event, which runs the parent and nothing in the background.
 */


#include "ngx_sensu_fetch.h"


/*
 * In a phase before the parent's it can only have come by a redirect.  What is
 * beyond waits for its own events, and is left alone.
 */

ngx_int_t
ngx_sensu_fetch_await(ngx_sensu_fetch_t *fetch)
{
    ngx_http_request_t  *sr;

    sr = fetch->request;

    if (!fetch->ended && sr->phase_handler < fetch->parent->phase_handler
        && ngx_http_post_request(sr, NULL) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}
