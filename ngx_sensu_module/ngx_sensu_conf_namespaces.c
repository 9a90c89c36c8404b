
/*
 * sensu_namespaces: its value is cut where the operator wrote a comma or a
 * blank, before anything is put in for a variable.  So no text of a token can
 * make two names of one, or "*" of a name.
 */


#include "ngx_sensu_conf.h"


static ngx_int_t ngx_sensu_conf_word(ngx_conf_t *cf, ngx_str_t *text,
    ngx_sensu_word_t *word);
static ngx_sensu_word_e ngx_sensu_conf_word_kind(ngx_conf_t *cf,
    ngx_http_complex_value_t *value);
static ngx_uint_t ngx_sensu_conf_is_claim(ngx_http_core_main_conf_t *cmcf,
    ngx_str_t *name);
static ngx_uint_t ngx_sensu_conf_is_asked(ngx_http_core_main_conf_t *cmcf,
    ngx_str_t *name);
static ngx_int_t ngx_sensu_conf_constant(ngx_conf_t *cf,
    ngx_array_t *words, ngx_http_complex_value_t *value);
static void ngx_sensu_conf_switch(ngx_conf_t *cf, ngx_array_t *words,
    ngx_str_t *name);


char *
ngx_sensu_conf_namespaces(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t              *value, text;
    ngx_uint_t              i;
    sensu_str_t             rest, name;
    ngx_sensu_word_t       *word;
    ngx_sensu_main_conf_t  *smcf;

    if (slcf->rbac != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    slcf->rbac = (ngx_strcmp(value[1].data, "rbac") == 0);

    if (!slcf->rbac && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"sensu_namespaces\" takes a second value after "
                           "rbac only, write a list in quotes: \"%V %V\"",
                           &value[1], &value[2]);
        return NGX_CONF_ERROR;
    }

    ngx_sensu_conf_asks(cf, slcf);

    /* the zone is made before it is known which locations are gateways */

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    smcf->rbac |= slcf->rbac;

    if (slcf->rbac && cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    slcf->namespaces = ngx_array_create(cf->pool, 4,
                                        sizeof(ngx_sensu_word_t));
    if (slcf->namespaces == NULL) {
        return NGX_CONF_ERROR;
    }

    rest = ngx_sensu_str(value[cf->args->nelts - 1]);

    while (sensu_scope_next(&rest, &name)) {

        word = ngx_array_push(slcf->namespaces);
        if (word == NULL) {
            return NGX_CONF_ERROR;
        }

        text = ngx_sensu_ngx_str(name);

        if (ngx_sensu_conf_word(cf, &text, word) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (slcf->namespaces->nelts > SENSU_SCOPE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"sensu_namespaces\" has %ui names, use up to %d, "
                           "or \"*\" for all", slcf->namespaces->nelts,
                           SENSU_SCOPE_MAX);
        return NGX_CONF_ERROR;
    }

    word = slcf->namespaces->elts;

    for (i = 0; i < slcf->namespaces->nelts; i++) {

        if (ngx_sensu_conf_constant(cf, slcf->namespaces, word[i].value)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_sensu_conf_word(ngx_conf_t *cf, ngx_str_t *text, ngx_sensu_word_t *word)
{
    ngx_str_t  *name;

    word->value = ngx_sensu_value(cf, text);
    if (word->value == NULL) {
        return NGX_ERROR;
    }

    name = ngx_sensu_conf_variable(cf, word->value, ngx_sensu_conf_is_asked);

    if (name != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"$%V\" in \"sensu_namespaces\" is what a request "
                           "asks for, and so everybody would get it: use "
                           "$sensu_user, $sensu_groups, $sensu_claim_NAME or a "
                           "map of them", name);
        return NGX_ERROR;
    }

    word->kind = ngx_sensu_conf_word_kind(cf, word->value);

    return ngx_sensu_conf_variables(cf, word->value);
}


static ngx_sensu_word_e
ngx_sensu_conf_word_kind(ngx_conf_t *cf, ngx_http_complex_value_t *value)
{
    u_char  *text;

    if (value->flushes == NULL) {
        return NGX_SENSU_WORD_LIST;
    }

    text = value->value.data;

    if ((value->value.len == sizeof("$sensu_groups") - 1
         && ngx_strncasecmp(text, (u_char *) "$sensu_groups",
                            value->value.len)
            == 0)
        || (value->value.len == sizeof("${sensu_groups}") - 1
            && ngx_strncasecmp(text, (u_char *) "${sensu_groups}",
                               value->value.len)
               == 0))
    {
        return NGX_SENSU_WORD_GROUPS;
    }

    return ngx_sensu_conf_variable(cf, value, ngx_sensu_conf_is_claim)
           ? NGX_SENSU_WORD_NAME : NGX_SENSU_WORD_LIST;
}


static ngx_uint_t
ngx_sensu_conf_is_claim(ngx_http_core_main_conf_t *cmcf, ngx_str_t *name)
{
    static ngx_str_t  user = ngx_string("sensu_user");
    static ngx_str_t  groups = ngx_string("sensu_groups");

    return ngx_sensu_str_eq(name, &user) || ngx_sensu_str_eq(name, &groups)
           || (name->len >= sizeof("sensu_claim_") - 1
               && ngx_memcmp(name->data, "sensu_claim_",
                             sizeof("sensu_claim_") - 1)
                  == 0);
}


/* $sensu_name, $sensu_namespace and what is made of it, $sensu_namespaces */

static ngx_uint_t
ngx_sensu_conf_is_asked(ngx_http_core_main_conf_t *cmcf, ngx_str_t *name)
{
    return name->len >= sizeof("sensu_name") - 1
           && ngx_memcmp(name->data, "sensu_name", sizeof("sensu_name") - 1)
              == 0;
}


/* what can be told at once of a word without variables */

static ngx_int_t
ngx_sensu_conf_constant(ngx_conf_t *cf, ngx_array_t *words,
    ngx_http_complex_value_t *value)
{
    sensu_str_t         name;
    sensu_namespaces_t  set;

    if (value->lengths != NULL) {
        return NGX_OK;
    }

    ngx_memzero(&set, sizeof(sensu_namespaces_t));
    set.names = &name;

    if (sensu_namespaces_add(&set, ngx_sensu_str(value->value)) == 0
        && (!set.all || words->nelts == 1))
    {
        ngx_sensu_conf_switch(cf, words, &value->value);
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" in \"sensu_namespaces\" is not the name of a "
                       "namespace, use letters, digits and \"_-.:\", several "
                       "between commas or blanks, or \"*\" alone for all",
                       &value->value);

    return NGX_ERROR;
}


/* the habit of other directives */

static void
ngx_sensu_conf_switch(ngx_conf_t *cf, ngx_array_t *words, ngx_str_t *name)
{
    if (words->nelts != 1
        || !((name->len == 3 && ngx_strncmp(name->data, "off", 3) == 0)
             || (name->len == 2 && ngx_strncmp(name->data, "on", 2) == 0)))
    {
        return;
    }

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "\"%V\" in \"sensu_namespaces\" is the name of a "
                       "namespace: use \"*\" for all, \"\" for none, or leave "
                       "the directive out", name);
}
