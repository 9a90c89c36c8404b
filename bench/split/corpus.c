
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "corpus.h"


static text_t    text;
static size_t    room;
static uint64_t  seed;


static unsigned
pick(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;

    return (unsigned) (seed >> 33) % n;
}


__attribute__((format(printf, 1, 2)))
static void
put(const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf((char *) text.data + text.len, room - text.len, fmt, args);
    va_end(args);

    if (n < 0 || (size_t) n >= room - text.len) {
        fprintf(stderr, "the corpus is out of room\n");
        exit(1);
    }

    text.len += (size_t) n;
}


static void
put_metadata(const char *name, unsigned n)
{
    put("\"metadata\":{\"name\":\"%s-%06u\",\"namespace\":\"default\","
        "\"labels\":{\"region\":\"eu-west-%u\",\"name\":\"other\"},"
        "\"annotations\":{\"runbook\":\"https://wiki.example.com/r?id=%u"
        "\\u0026v=2\",\"owner\":\"\xc3\xa9quipe %u\"}}",
        name, n, pick(4), pick(9999), pick(40));
}


static void
put_entity(unsigned n)
{
    unsigned  i;

    put("\"entity\":{\"entity_class\":\"agent\",\"system\":{\"hostname\":"
        "\"web-%06u.example.com\",\"os\":\"linux\",\"platform\":\"debian\","
        "\"platform_family\":\"debian\",\"platform_version\":\"9.%u\","
        "\"network\":{\"interfaces\":[", n, pick(10));

    for (i = 0; i < 3; i++) {
        put("%s{\"name\":\"eth%u\",\"mac\":\"02:42:ac:11:%02x:%02x\","
            "\"addresses\":[\"10.%u.%u.%u/16\",\"fe80::42:%x/64\"]}",
            i ? "," : "", i, pick(256), pick(256), pick(256), pick(256),
            pick(256), pick(65536));
    }

    put("]},\"arch\":\"amd64\"},\"subscriptions\":[\"linux\",\"web\","
        "\"entity:web-%06u\"],\"last_seen\":15%08u,\"deregister\":false,"
        "\"deregistration\":{},\"user\":\"agent\",\"redact\":[\"password\","
        "\"passwd\",\"pass\",\"api_key\",\"api_token\",\"access_key\","
        "\"secret_key\",\"private_key\",\"secret\"],",
        n, pick(99999999));

    put_metadata("web", n);
    put("}");
}


static void
put_check(unsigned n)
{
    unsigned  i, status;

    put("\"check\":{\"command\":\"/usr/lib/nagios/plugins/check_http -H "
        "\\\"web-%06u\\\" -u /health -w %u -c %u\",\"handlers\":[\"slack\","
        "\"pagerduty\"],\"high_flap_threshold\":0,\"interval\":60,"
        "\"low_flap_threshold\":0,\"publish\":true,\"runtime_assets\":null,"
        "\"subscriptions\":[\"web\"],\"proxy_entity_name\":\"\","
        "\"check_hooks\":null,\"stdin\":false,\"subdue\":null,\"ttl\":0,"
        "\"timeout\":30,\"round_robin\":false,\"duration\":0.%06u,"
        "\"executed\":15%08u,\"history\":[", n, 1 + pick(3), 5 + pick(5),
        pick(999999), pick(99999999));

    for (i = 0; i < 21; i++) {
        status = pick(10) == 0 ? pick(3) : 0;
        put("%s{\"status\":%u,\"executed\":15%08u}", i ? "," : "", status,
            pick(99999999));
    }

    put("],\"issued\":15%08u,\"output\":\"HTTP OK: HTTP/1.1 200 OK - %u bytes "
        "in 0.%03u second response time |time=0.%06us;;;0.000000 size=%uB;;;0"
        "\\n\",\"state\":\"passing\",\"status\":0,\"total_state_change\":%u,"
        "\"last_ok\":15%08u,\"occurrences\":%u,\"occurrences_watermark\":%u,"
        "\"output_metric_format\":\"nagios_perfdata\","
        "\"output_metric_handlers\":[\"influx\"],\"env_vars\":null,",
        pick(99999999), pick(9999), pick(999), pick(999999), pick(9999),
        pick(20), pick(99999999), pick(9999), pick(9999));

    put_metadata("check", n % 40);
    put("}");
}


static void
put_event(size_t i)
{
    put("{\"timestamp\":15%08u,", pick(99999999));
    put_entity((unsigned) i / 40);
    put(",");
    put_check((unsigned) i);
    put(",\"metadata\":{}}");
}


static void
put_tiny(size_t i)
{
    put("{\"name\":\"n%07u\"}", (unsigned) i % 10000000);
}


static void
put_empty(size_t i)
{
    put(i % 2 ? "{}" : "[]");
}


static void
put_integer(size_t i)
{
    (void) i;
    put("%u", pick(10000) >> pick(12));
}


static void
put_short(size_t i)
{
    (void) i;
    put("\"%.*s\"", (int) pick(12), "abcdefghijkl");
}


static void
put_escapes(size_t i)
{
    unsigned  j;

    put("{\"name\":\"n%u\",\"path\":\"", (unsigned) i);

    for (j = 10 + pick(40); j; j--) {
        put("%s", pick(3) ? "\\\\" : pick(2) ? "\\\"" : "C:");
    }

    put("\",\"n\":{}}");
}


static void
put_backslashes(size_t i)
{
    unsigned  j;

    put("\"");

    for (j = 10 + pick(60); j; j--) {
        put("%s", (j + i) % 5 ? "\\\\" : "\\\"");
    }

    put("\"");
}


static void
put_nested(size_t i)
{
    unsigned  j, n;

    n = 1 + pick(40);

    for (j = 0; j < n; j++) {
        put("[{\"a\":");
    }

    put("%u", (unsigned) i % 10);

    for (j = 0; j < n; j++) {
        put("}]");
    }
}


/* as jq would print it */

static void
put_pretty(size_t n)
{
    unsigned  i;

    put("\n    {\n        \"timestamp\": 15%08u,\n        \"entity\": {\n"
        "            \"entity_class\": \"proxy\",\n"
        "            \"subscriptions\": [\n                \"linux\"\n"
        "            ],\n            \"metadata\": {\n"
        "                \"name\": \"e-%u\",\n"
        "                \"namespace\": \"default\"\n            }\n"
        "        },\n        \"check\": {\n            \"history\": [",
        pick(99999999), (unsigned) n);

    for (i = 0; i < 10; i++) {
        put("%s\n                {\n                    \"status\": 0,\n"
            "                    \"executed\": 15%08u\n                }",
            i ? "," : "", pick(99999999));
    }

    put("\n            ],\n            \"metadata\": {\n"
        "                \"name\": \"check-%u\"\n            }\n        }\n"
        "    }", (unsigned) n % 40);
}


static void
put_spaces(size_t i)
{
    put("%*s%u", 1 + (int) pick(40), "", (unsigned) i % 10);
}


const corpus_t  corpora[] = {
    { "events", "events of 5.5, 21 checks of history", put_event },
    { "pretty", "events, pretty-printed", put_pretty },
    { "tiny", "objects of 19 bytes", put_tiny },
    { "empty", "{} and []", put_empty },
    { "integers", "1 to 4 digits", put_integer },
    { "strings", "0 to 11 bytes", put_short },
    { "escapes", "objects with strings of escapes", put_escapes },
    { "backslashes", "strings of escapes", put_backslashes },
    { "nested", "1 to 40 levels, nothing else", put_nested },
    { "spaces", "digits and white space", put_spaces },
    { NULL, NULL, NULL }
};


text_t
corpus_make(const corpus_t *corpus, size_t size)
{
    room = size + 65536;
    seed = 1;

    text.len = 0;
    text.elements = 0;
    text.data = malloc(room);

    if (text.data == NULL) {
        perror("malloc");
        exit(1);
    }

    put("[");

    do {
        if (text.elements) {
            put(",");
        }

        corpus->element(text.elements++);

    } while (text.len < size);

    put("]");

    return text;
}
