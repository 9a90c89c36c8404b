
/*
 * What a location answers with: counters, or a server behind it, not both.
 */


#include "ngx_sensu_conf.h"
#include "ngx_sensu_metrics.h"


static char *ngx_sensu_conf_answer(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf,
    ngx_http_handler_pt handler);


char *
ngx_sensu_conf_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_sensu_conf_answer(cf, conf, ngx_sensu_metrics_handler);
}


char *
ngx_sensu_conf_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_status_prepare();

    return ngx_sensu_conf_answer(cf, conf, ngx_sensu_status_handler);
}


static char *
ngx_sensu_conf_answer(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf,
    ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL && clcf->handler != handler) {
        return "stands where something else answers already, such as "
               "proxy_pass: give it a location of its own";
    }

    clcf->handler = handler;
    slcf->handler = handler;
    ngx_sensu_conf_place(cf, &slcf->answers);

    return NGX_CONF_OK;
}


ngx_int_t
ngx_sensu_conf_answers(ngx_conf_t *cf)
{
    ngx_uint_t               i;
    ngx_sensu_loc_conf_t    *conf;
    ngx_sensu_main_conf_t   *smcf;
    ngx_sensu_conf_level_t  *level;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    level = smcf->levels.elts;

    for (i = 0; i < smcf->levels.nelts; i++) {
        conf = level[i].conf;

        if (conf->handler == NULL
            || conf->handler == level[i].location->handler)
        {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" in %V:%ui answers nothing, as something else "
                      "in its location does, such as proxy_pass: give it a "
                      "location of its own", &conf->answers.name,
                      &conf->answers.file, conf->answers.line);

        return NGX_ERROR;
    }

    return NGX_OK;
}
