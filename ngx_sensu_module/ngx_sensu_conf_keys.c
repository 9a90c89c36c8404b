
/*
 * Directives of tokens: keys, and what else a location asks of a token.
 */


#include "ngx_sensu_conf.h"
#include "ngx_sensu_cache.h"


static ngx_int_t ngx_sensu_conf_keys(ngx_conf_t *cf,
    ngx_sensu_loc_conf_t *slcf);
static void ngx_sensu_conf_keys_free(void *data);
static char *ngx_sensu_conf_bind(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_sensu_loc_conf_t *slcf, size_t from, ngx_str_t *issuer);
static void ngx_sensu_conf_warn(void *data, const char *text);
static char *ngx_sensu_conf_is_text(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_str_t *value);


#define NGX_SENSU_ERR_LEN  1024


char *
ngx_sensu_conf_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    char        err[NGX_SENSU_ERR_LEN];
    size_t      from;
    ngx_str_t  *value, file, issuer;
    ngx_uint_t  i, set;
    const char *kid, *format;

    value = cf->args->elts;
    set = (cmd->post != NULL);
    kid = NULL;
    format = NULL;
    ngx_str_null(&issuer);

    for (i = set ? 2 : 3; i < cf->args->nelts; i++) {

        if (!set && ngx_strncmp(value[i].data, "kid=", 4) == 0
            && value[i].len > 4)
        {
            kid = (char *) value[i].data + 4;
            continue;
        }

        if (!set && ngx_strncmp(value[i].data, "format=", 7) == 0) {
            format = (char *) value[i].data + 7;
            continue;
        }

        if (ngx_strncmp(value[i].data, "issuer=", 7) == 0) {
            issuer.data = value[i].data + 7;
            issuer.len = value[i].len - 7;
            continue;
        }

        /* without its text, which may be a secret */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown parameter %ui of \"%V\", after %s", i,
                           &cmd->name,
                           set ? "FILE use issuer=TEXT"
                               : "ALG and FILE use kid=ID or "
                                 "format=base64|raw|hex or issuer=TEXT");
        return NGX_CONF_ERROR;
    }

    file = value[set ? 1 : 2];

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK
        || ngx_sensu_conf_keys(cf, slcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    from = sensu_keys_count(slcf->keys);

    if ((set ? sensu_keys_add_jwks(slcf->keys, (char *) file.data,
                                   ngx_sensu_conf_warn, cf, err, sizeof(err))
             : sensu_keys_add_file(slcf->keys, (char *) value[1].data,
                                   (char *) file.data, kid, format,
                                   ngx_sensu_conf_warn, cf, err, sizeof(err)))
        != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", &cmd->name,
                           err);
        return NGX_CONF_ERROR;
    }

    return ngx_sensu_conf_bind(cf, cmd, slcf, from, &issuer);
}


/* issuer=, of the keys that this directive added */

static char *
ngx_sensu_conf_bind(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_sensu_loc_conf_t *slcf, size_t from, ngx_str_t *issuer)
{
    char  *rv;

    if (issuer->data == NULL) {
        return NGX_CONF_OK;
    }

    rv = ngx_sensu_conf_is_text(cf, cmd, issuer);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return sensu_keys_bind(slcf->keys, from, ngx_sensu_str(*issuer)) == 0
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* the keys of this level, freed with the configuration */

static ngx_int_t
ngx_sensu_conf_keys(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf)
{
    ngx_pool_cleanup_t  *cln;

    ngx_sensu_conf_asks(cf, slcf);

    if (slcf->keys != NULL) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    slcf->keys = sensu_keys_create();
    if (slcf->keys == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_sensu_conf_keys_free;
    cln->data = slcf->keys;

    return NGX_OK;
}


static void
ngx_sensu_conf_keys_free(void *data)
{
    /* nothing that they have verified may outlive them */
    ngx_sensu_cache_clear();
    sensu_keys_free(data);
}


static void
ngx_sensu_conf_warn(void *data, const char *text)
{
    ngx_conf_t *cf = data;

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "%s", text);
}


/*
 * An empty text would be no requirement at all; one with a variable, which
 * nobody evaluates, none that a token can meet.
 */

static char *
ngx_sensu_conf_is_text(ngx_conf_t *cf, ngx_command_t *cmd, ngx_str_t *value)
{
    if (value->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" needs a text that tokens must have, leave "
                           "it out to require none", &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_strchr(value->data, '$') != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" takes \"%V\" as it stands, without "
                           "variables: name the text that is in the tokens",
                           &cmd->name, value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_text(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    rv = ngx_sensu_conf_is_text(cf, cmd, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_sensu_conf_asks(cf, conf);

    return ngx_conf_set_str_slot(cf, cmd, conf);
}


char *
ngx_sensu_conf_issuer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    char         *rv;
    ngx_str_t    *value;
    ngx_uint_t    i;
    sensu_str_t  *issuer;

    if (slcf->issuers != NULL) {
        return "is duplicate, name all issuers in one";
    }

    value = cf->args->elts;

    slcf->issuers = ngx_array_create(cf->pool, cf->args->nelts,
                                     sizeof(sensu_str_t));
    if (slcf->issuers == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        rv = ngx_sensu_conf_is_text(cf, cmd, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        issuer = ngx_array_push(slcf->issuers);
        if (issuer == NULL) {
            return NGX_CONF_ERROR;
        }

        *issuer = ngx_sensu_str(value[i]);
    }

    ngx_sensu_conf_asks(cf, slcf);

    return NGX_CONF_OK;
}


/*
 * Verdicts are bound to the number of their rules: that of the level above if
 * the rules are the same, else a new one.  The level http itself serves no
 * request and has none.
 */

void
ngx_sensu_conf_rules(ngx_sensu_loc_conf_t *conf, ngx_sensu_loc_conf_t *prev)
{
    static ngx_uint_t  last;

    conf->rules.keys = conf->keys;

    if (conf->issuers != NULL) {
        conf->rules.issuers = conf->issuers->elts;
        conf->rules.nissuers = conf->issuers->nelts;
    }

    conf->rules.audience = ngx_sensu_str(conf->audience);
    conf->rules.groups = ngx_sensu_str(conf->groups_claim);
    conf->rules.leeway = conf->leeway;
    conf->rules.iat = conf->iat;

    if (prev->rules_id
        && conf->rules.keys == prev->rules.keys
        && conf->rules.leeway == prev->rules.leeway
        && conf->rules.iat == prev->rules.iat
        && conf->issuers == prev->issuers
        && sensu_str_eq(conf->rules.groups, prev->rules.groups)
        && sensu_str_eq(conf->rules.audience, prev->rules.audience))
    {
        conf->rules_id = prev->rules_id;

    } else {
        conf->rules_id = ++last;
    }
}
