
/*
 * Roles and bindings on the status page: whether they are read, how old they
 * are, what was decided by them.
 */


#include "ngx_sensu_roles.h"
#include "ngx_sensu_status.h"


void
ngx_sensu_status_roles(ngx_http_request_t *r, ngx_buf_t *b)
{
    ngx_msec_int_t          age;
    ngx_sensu_main_conf_t  *smcf;

    static const char *readings[] = { "read", "not read" };

    static const char *decisions[] = {
        "allowed as it is", "list narrowed", "forbidden", "roles not known"
    };

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    if (smcf->roles.nelts == 0) {
        return;
    }

    ngx_sensu_status_table(b, "Roles and bindings", "What", "Times");
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_RBAC_REFRESHES, readings, 2);
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_RBAC_DECISIONS, decisions, 4);

    age = ngx_sensu_roles_oldest(smcf);

    ngx_sensu_put(b, "<tr><th scope=\"row\">read last</th>"
                  "<td colspan=\"2\">");

    if (age >= 0) {
        ngx_sensu_status_ago(b, age / 1000);
        ngx_sensu_put(b, " ago");

    } else {
        ngx_sensu_put(b, "<span class=\"warn\">never</span>");
    }

    ngx_sensu_put(b, "</td></tr>\n</tbody>\n</table>\n");
}
