
/*
 * Setters of directives, each of which says what would be right.
 */


#ifndef _NGX_SENSU_CONF_H_INCLUDED_
#define _NGX_SENSU_CONF_H_INCLUDED_


#include "ngx_sensu.h"


/* the smallest and the largest value of a number, size or time (post) */

typedef struct {
    ssize_t                 (*parse)(ngx_str_t *text);
    ngx_int_t                 min;
    ngx_int_t                 max;
    const char               *right;     /* what a value looks like */
} ngx_sensu_range_t;


/* a value with variables, to say where an unknown one stands */

typedef struct {
    ngx_http_complex_value_t *value;
    ngx_sensu_place_t         place;
} ngx_sensu_conf_variables_t;


/* is the variable of this name one of those that are looked for? */
typedef ngx_uint_t (*ngx_sensu_conf_is_pt)(ngx_http_core_main_conf_t *cmcf,
    ngx_str_t *name);


/* a server or location, to be judged beside the others */

typedef struct {
    ngx_http_core_srv_conf_t *server;
    ngx_http_core_loc_conf_t *location;
    ngx_sensu_loc_conf_t     *conf;
} ngx_sensu_conf_level_t;


void ngx_sensu_conf_place(ngx_conf_t *cf, ngx_sensu_place_t *place);
/* of a directive that means something in a gateway only */
void ngx_sensu_conf_asks(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf);


char *ngx_sensu_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* a key, or with cmd->post a set of them */
char *ngx_sensu_conf_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_backend(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_api_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_issuer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_text(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_base_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_cors(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* ngx_sensu_conf_namespaces.c */
char *ngx_sensu_conf_namespaces(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* ngx_sensu_conf_logout.c: notes a location; warns if none sees a log-out */
void ngx_sensu_conf_logout(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf);
void ngx_sensu_conf_logout_check(ngx_conf_t *cf);

/* NAME:SIZE into an ngx_sensu_zone_t; cmd->post: an example */
char *ngx_sensu_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

char *ngx_sensu_conf_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* numbers, sizes and times within a range (cmd->post), and how they are read,
   sizes by ngx_parse_size() */
char *ngx_sensu_conf_range(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ssize_t ngx_sensu_conf_num(ngx_str_t *text);
ssize_t ngx_sensu_conf_sec(ngx_str_t *text);

/* ngx_sensu_conf_check.c: what can be told only when all is read */

/* the variables in this value must be there then */
ngx_int_t ngx_sensu_conf_variables(ngx_conf_t *cf,
    ngx_http_complex_value_t *value);
/* the name of the first variable in the value that is one of these, or NULL */
ngx_str_t *ngx_sensu_conf_variable(ngx_conf_t *cf,
    ngx_http_complex_value_t *value, ngx_sensu_conf_is_pt is);
ngx_int_t ngx_sensu_conf_level(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf);
ngx_int_t ngx_sensu_conf_check(ngx_conf_t *cf);

/* ngx_sensu_conf_answers.c: a location answers in one way */
char *ngx_sensu_conf_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* does nothing else answer there, now that all is read? */
ngx_int_t ngx_sensu_conf_answers(ngx_conf_t *cf);

/* the rules for tokens of a level whose directives are merged */
void ngx_sensu_conf_rules(ngx_sensu_loc_conf_t *conf,
    ngx_sensu_loc_conf_t *prev);

/* what sensu_public names if it is not there */
extern ngx_array_t  ngx_sensu_conf_public_default;


#endif /* _NGX_SENSU_CONF_H_INCLUDED_ */
