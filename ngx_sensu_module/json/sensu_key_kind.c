
/*
 * Resources of the API by name, and the kind of their keys.
 */


#include "sensu_key.h"


static const struct {
    const char           *name;
    sensu_key_kind_e      kind;

} sensu_key_resources[] = {
    { "assets", SENSU_KEY_ASSET },
    { "checks", SENSU_KEY_META_NS },
    { "clusterrolebindings", SENSU_KEY_META },
    { "clusterroles", SENSU_KEY_META },
    { "entities", SENSU_KEY_META_NS },
    { "events", SENSU_KEY_EVENT },
    { "extensions", SENSU_KEY_META_NS },
    { "filters", SENSU_KEY_META_NS },
    { "handlers", SENSU_KEY_META_NS },
    { "hooks", SENSU_KEY_META_NS },
    { "mutators", SENSU_KEY_META_NS },
    { "namespaces", SENSU_KEY_NAME },
    { "rolebindings", SENSU_KEY_META_NS },
    { "roles", SENSU_KEY_META_NS },
    { "silenced", SENSU_KEY_META_NS },
    { "users", SENSU_KEY_USERNAME }
};


sensu_key_kind_e
sensu_key_kind(sensu_str_t resource)
{
    size_t       i;
    const char  *name;

    for (i = 0;
         i < sizeof(sensu_key_resources) / sizeof(sensu_key_resources[0]);
         i++)
    {
        name = sensu_key_resources[i].name;

        if (strlen(name) == resource.len
            && memcmp(name, resource.data, resource.len) == 0)
        {
            return sensu_key_resources[i].kind;
        }
    }

    return SENSU_KEY_UNKNOWN;
}
