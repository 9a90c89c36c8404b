
/*
 * What hiredis 0.14 takes from a server that it should not: an answer that
 * nobody asked for ends in an assert, that is in the death of the worker; an
 * array of any announced length is allocated at once.  Here both are refused
 * before they are made, which loses the connection and nothing else.
 */


#include "ngx_sensu_redis_peer.h"


/* a cluster has no more ranges of slots */
#define NGX_SENSU_REDIS_ELEMENTS  NGX_SENSU_REDIS_SLOTS


/* how hiredis counts the elements of an array */
#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_sensu_redis_elements_t;
#else
typedef int     ngx_sensu_redis_elements_t;
#endif


static void *ngx_sensu_redis_create_string(const redisReadTask *task,
    char *text, size_t len);
static void *ngx_sensu_redis_create_array(const redisReadTask *task,
    ngx_sensu_redis_elements_t elements);
static void *ngx_sensu_redis_create_integer(const redisReadTask *task,
    long long value);
static void *ngx_sensu_redis_create_nil(const redisReadTask *task);
static ngx_uint_t ngx_sensu_redis_unasked(const redisReadTask *task);


/* hiredis' own, the same for all connections */
static redisReplyObjectFunctions  ngx_sensu_redis_create;
static redisReplyObjectFunctions  ngx_sensu_redis_checked;


void
ngx_sensu_redis_guard(redisAsyncContext *ac)
{
    redisReader  *reader;

    reader = ac->c.reader;

    if (ngx_sensu_redis_create.createString == NULL) {
        ngx_sensu_redis_create = *reader->fn;
        ngx_sensu_redis_checked = *reader->fn;

        ngx_sensu_redis_checked.createString = ngx_sensu_redis_create_string;
        ngx_sensu_redis_checked.createArray = ngx_sensu_redis_create_array;
        ngx_sensu_redis_checked.createInteger = ngx_sensu_redis_create_integer;
        ngx_sensu_redis_checked.createNil = ngx_sensu_redis_create_nil;
    }

    reader->fn = &ngx_sensu_redis_checked;
    reader->privdata = ac;
}


static void *
ngx_sensu_redis_create_string(const redisReadTask *task, char *text,
    size_t len)
{
    if (ngx_sensu_redis_unasked(task)) {
        return NULL;
    }

    return ngx_sensu_redis_create.createString(task, text, len);
}


static void *
ngx_sensu_redis_create_array(const redisReadTask *task,
    ngx_sensu_redis_elements_t elements)
{
    if (ngx_sensu_redis_unasked(task)
        || elements > NGX_SENSU_REDIS_ELEMENTS)
    {
        return NULL;
    }

    return ngx_sensu_redis_create.createArray(task, elements);
}


static void *
ngx_sensu_redis_create_integer(const redisReadTask *task, long long value)
{
    if (ngx_sensu_redis_unasked(task)) {
        return NULL;
    }

    return ngx_sensu_redis_create.createInteger(task, value);
}


static void *
ngx_sensu_redis_create_nil(const redisReadTask *task)
{
    if (ngx_sensu_redis_unasked(task)) {
        return NULL;
    }

    return ngx_sensu_redis_create.createNil(task);
}


/* errors are said unasked ("max number of clients"), and hiredis knows it */

static ngx_uint_t
ngx_sensu_redis_unasked(const redisReadTask *task)
{
    redisAsyncContext  *ac;

    ac = task->privdata;

    return task->parent == NULL
           && task->type != REDIS_REPLY_ERROR
           && ac->replies.head == NULL;
}
