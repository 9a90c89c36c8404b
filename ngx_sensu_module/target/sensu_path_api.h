
/*
 * The grammar of groups and versions, shared by paths and the patterns of
 * the configuration.
 */


#ifndef _SENSU_PATH_API_H_INCLUDED_
#define _SENSU_PATH_API_H_INCLUDED_


#include "sensu_path.h"


/* is it one segment of a group, [a-z0-9][a-z0-9.-]*? */
int sensu_path_group_valid(sensu_str_t s);

/* is it v[1-9][0-9]*((alpha|beta)([1-9][0-9]*)?)?, each number of up to nine
   digits? */
int sensu_path_version_valid(sensu_str_t s);


#endif /* _SENSU_PATH_API_H_INCLUDED_ */
