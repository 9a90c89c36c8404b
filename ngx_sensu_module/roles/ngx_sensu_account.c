
/*
 * sensu_account, and which backend it reads: locations whose proxy_pass leads
 * to one upstream share what was read of it, if they are of servers of one
 * name, for what is behind may tell clusters apart by Host.
 */


#include "ngx_sensu_roles.h"
#include "ngx_sensu_secret.h"


static ngx_int_t ngx_sensu_account_parameter(ngx_conf_t *cf,
    ngx_sensu_account_t *account, ngx_str_t *value);
static ngx_int_t ngx_sensu_account_time(ngx_conf_t *cf, ngx_str_t *value,
    size_t skip, ngx_msec_t *msec);
static void ngx_sensu_account_key(ngx_sensu_loc_conf_t *slcf,
    ngx_http_upstream_srv_conf_t *us, ngx_str_t *host, u_char *key);
static ngx_str_t ngx_sensu_account_host(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us);
static ngx_uint_t ngx_sensu_account_is_host(ngx_str_t *name);


char *
ngx_sensu_account_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_sensu_account_t  *account;

    if (slcf->account != NULL) {
        return "is duplicate";
    }

    account = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_account_t));
    if (account == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    account->refresh = 10000;
    account->stale = 300000;
    account->place.file = cf->conf_file->file.name;
    account->place.line = cf->conf_file->line;

    for (i = 1; i < cf->args->nelts; i++) {

        if (i == 1 && ngx_strlchr(value[1].data,
                                  value[1].data + value[1].len, '=') == NULL)
        {
            account->name = value[1];
            continue;
        }

        if (ngx_sensu_account_parameter(cf, account, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (account->secret.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"sensu_account\" needs NAME and "
                           "password_file=FILE, or api_key_file=FILE");
        return NGX_CONF_ERROR;
    }

    /* in Basic the name ends at the first colon */

    if (ngx_strlchr(account->name.data, account->name.data + account->name.len,
                    ':')
        != NULL)
    {
        return "has a colon in its name";
    }

    if (account->stale < account->refresh) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "stale= of \"sensu_account\" is less than "
                           "refresh=: what was read would be out of use "
                           "before it is read again");
        return NGX_CONF_ERROR;
    }

    slcf->account = account;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_sensu_account_parameter(ngx_conf_t *cf, ngx_sensu_account_t *account,
    ngx_str_t *value)
{
    size_t       len;
    ngx_str_t    file;
    const char  *prefix;

    if (ngx_strncmp(value->data, "refresh=", 8) == 0) {
        return ngx_sensu_account_time(cf, value, 8, &account->refresh);
    }

    if (ngx_strncmp(value->data, "stale=", 6) == 0) {
        return ngx_sensu_account_time(cf, value, 6, &account->stale);
    }

    prefix = account->name.len ? "password_file=" : "api_key_file=";
    len = ngx_strlen(prefix);

    if (ngx_strncmp(value->data, prefix, len) == 0) {
        file.data = value->data + len;
        file.len = value->len - len;

        return ngx_sensu_secret(cf, "\"sensu_account\"", &file,
                                &account->secret);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" is not for this \"sensu_account\", use NAME "
                       "password_file=FILE, or api_key_file=FILE alone, and "
                       "refresh=10s or stale=5m", value);

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_account_time(ngx_conf_t *cf, ngx_str_t *value, size_t skip,
    ngx_msec_t *msec)
{
    ngx_int_t  n;
    ngx_str_t  text;

    text.data = value->data + skip;
    text.len = value->len - skip;

    n = ngx_parse_time(&text, 0);

    if (n < 100 || n > 86400 * 1000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"sensu_account\" must be a time from "
                           "100ms to 24h", value);
        return NGX_ERROR;
    }

    *msec = n;

    return NGX_OK;
}


ngx_sensu_roles_t *
ngx_sensu_account_roles(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf)
{
    u_char                          key[SENSU_CURSOR_BINDING];
    ngx_str_t                       host;
    ngx_uint_t                      i;
    ngx_sensu_roles_t              *roles, **known;
    ngx_sensu_main_conf_t          *smcf;
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_upstream_conf_t       *ucf;
    ngx_http_upstream_srv_conf_t   *us;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* NULL where there is no proxy_pass, or a variable in it */

    ucf = ngx_sensu_upstream_conf(cf, clcf, 0);
    us = ucf ? ucf->upstream : NULL;

    host = ngx_sensu_account_host(cf, us);

    ngx_sensu_account_key(slcf, us, &host, key);

    known = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {
        if (known[i]->account == slcf->account
            && ngx_memcmp(known[i]->key, key, SENSU_CURSOR_BINDING) == 0)
        {
            return known[i];
        }
    }

    roles = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_roles_t));
    known = ngx_array_push(&smcf->roles);

    if (roles == NULL || known == NULL) {
        return NULL;
    }

    roles->account = slcf->account;
    roles->host = host;
    roles->zone = &smcf->rbac_zone;
    ngx_memcpy(roles->key, key, SENSU_CURSOR_BINDING);

    *known = roles;

    return roles;
}


/* after a reload what was read by another account, or password, is not used */

static void
ngx_sensu_account_key(ngx_sensu_loc_conf_t *slcf,
    ngx_http_upstream_srv_conf_t *us, ngx_str_t *host, u_char *key)
{
    u_char       text[2 * NGX_INT_T_LEN];
    sensu_str_t  parts[5];

    parts[0] = ngx_sensu_str(slcf->account->name);
    parts[1] = ngx_sensu_str(slcf->account->secret);
    parts[2] = us ? ngx_sensu_str(us->host) : sensu_str_null;

    parts[3].data = text;
    parts[3].len = ngx_sprintf(text, "%ui", us ? (ngx_uint_t) us->port
                                               : slcf->route)
                   - text;

    parts[4] = ngx_sensu_str(*host);

    sensu_cursor_bind(key, parts, 5);
}


/* by its own name, never by one that a client has chosen */

static ngx_str_t
ngx_sensu_account_host(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_core_srv_conf_t  *cscf;

    static ngx_str_t  unknown = ngx_string("localhost");

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (ngx_sensu_account_is_host(&cscf->server_name)) {
        return cscf->server_name;
    }

    return us ? us->host : unknown;
}


/* no wildcard, pattern, or "_" */

static ngx_uint_t
ngx_sensu_account_is_host(ngx_str_t *name)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')
              || ch == '-' || ch == '.'))
        {
            return 0;
        }
    }

    return name->len != 0;
}
