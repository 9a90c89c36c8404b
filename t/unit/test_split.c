
/*
 * The splitter: what it takes for an array and for its elements, the same
 * with every kernel, in chunks of any size, wherever a block begins.
 */


#include "split_kit.h"
#include "tap.h"


typedef struct {
    const char           *text;
    const char           *elements;  /* each with a '|' after it */
    char                  verdict;   /* 'd'one, 'o'pen, 'e'rror */
} case_t;


static const case_t  cases[] = {
    /* arrays */
    { "[]", "", 'd' },
    { " \t\r\n[ \t\r\n] \t\r\n", "", 'd' },
    { "[1]", "1|", 'd' },
    { "[1,-2.5e+7,0,true,false,null]", "1|-2.5e+7|0|true|false|null|", 'd' },
    { "[ 1 , 22\n,\t333 ]\n", "1|22|333|", 'd' },
    { "[\"\",\"a\",\" b \"]", "\"\"|\"a\"|\" b \"|", 'd' },
    { "[\"\\\"\",\"\\\\\",\"\\\\\\\"]\"]",
      "\"\\\"\"|\"\\\\\"|\"\\\\\\\"]\"|", 'd' },
    { "[\"a long text with , ] } in it and more\", \"second\"]",
      "\"a long text with , ] } in it and more\"|\"second\"|", 'd' },
    { "[{}]", "{}|", 'd' },
    { "[[]]", "[]|", 'd' },
    { "[{},[],{},[]]", "{}|[]|{}|[]|", 'd' },
    { "[{\"a\":[1,{\"b\":\"}]\"}]} ,[[[2]]]]",
      "{\"a\":[1,{\"b\":\"}]\"}]}|[[[2]]]|", 'd' },
    { "[{\"a\":\"\\\\\"},{\"b\":\"\\\"}\"}]",
      "{\"a\":\"\\\\\"}|{\"b\":\"\\\"}\"}|", 'd' },
    { "[[\"\\\\\\\\\\\\\\\\\\\\\\\"]\"],1]",
      "[\"\\\\\\\\\\\\\\\\\\\\\\\"]\"]|1|",
      'd' },
    { "[\n  {\n    \"name\": \"a\"\n  },\n  {\n    \"name\": \"b\"\n  }\n]\n",
      "{\n    \"name\": \"a\"\n  }|{\n    \"name\": \"b\"\n  }|", 'd' },
    { "[\"\xc3\xa4\xf0\x9f\x98\x80\",{\"\xe2\x82\xac\":1}]",
      "\"\xc3\xa4\xf0\x9f\x98\x80\"|{\"\xe2\x82\xac\":1}|", 'd' },

    /* the inside of an element is not looked into */
    { "[{\"a\"},{,},[}]]]", "{\"a\"}|{,}|", 'e' },
    { "[{\"a\" b},[1 2]]", "{\"a\" b}|[1 2]|", 'd' },
    { "[{\\\"},1]", "{\\\"}|1|", 'd' },
    { "[tru,1.2.3,nulll]", "tru|1.2.3|nulll|", 'd' },

    /* cut off */
    { "", "", 'o' },
    { " ", "", 'o' },
    { "[", "", 'o' },
    { "[1", "", 'o' },
    { "[1,", "1|", 'o' },
    { "[1, ", "1|", 'o' },
    { "[{}", "{}|", 'o' },
    { "[{\"a\":1", "", 'o' },
    { "[{\"a\":\"]}", "", 'o' },
    { "[\"a", "", 'o' },
    { "[\"a\\\"", "", 'o' },
    { "[\"a\\\"]", "", 'o' },

    /* no arrays */
    { "{}", "", 'e' },
    { "{\"a\":[]}", "", 'e' },
    { "null", "", 'e' },
    { "1", "", 'e' },
    { "\"[]\"", "", 'e' },
    { "]", "", 'e' },
    { ",[]", "", 'e' },
    { "\xef\xbb\xbf[]", "", 'e' },
    { "\v[]", "", 'e' },

    /* separators */
    { "[,", "", 'e' },
    { "[,1]", "", 'e' },
    { "[1,,2]", "1|", 'e' },
    { "[1,]", "1|", 'e' },
    { "[1 2]", "1|", 'e' },
    { "[1\n2]", "1|", 'e' },
    { "[{}{}]", "{}|", 'e' },
    { "[{} {}]", "{}|", 'e' },
    { "[[][]]", "[]|", 'e' },
    { "[\"a\"\"b\"]", "\"a\"|", 'e' },
    { "[\"a\"1]", "\"a\"|", 'e' },
    { "[{}1]", "{}|", 'e' },
    { "[1;2]", "", 'e' },
    { "[1:2]", "", 'e' },
    { "[\"a\":1]", "\"a\"|", 'e' },
    { "[{},\v{}]", "{}|", 'e' },

    /* scalars that run into something */
    { "[1\"a\"]", "", 'e' },
    { "[1{}]", "", 'e' },
    { "[1[]]", "", 'e' },
    { "[1}", "", 'e' },
    { "[1\\]", "", 'e' },

    /* the first byte of an element */
    { "[a]", "", 'e' },
    { "[+1]", "", 'e' },
    { "[.5]", "", 'e' },
    { "[True]", "", 'e' },
    { "[NaN]", "", 'e' },
    { "[\\\"a\"]", "", 'e' },
    { "['a']", "", 'e' },
    { "[/* */]", "", 'e' },
    { "[\x80]", "", 'e' },
    { "[1,x]", "1|", 'e' },

    /* brackets */
    { "[}", "", 'e' },
    { "[1,}", "1|", 'e' },
    { "[{]", "", 'e' },
    { "[[}]", "", 'e' },
    { "[{}}", "{}|", 'e' },
    { "[{\"a\":[1}]]", "", 'e' },

    /* after the array */
    { "[]]", "", 'e' },
    { "[],", "", 'e' },
    { "[]x", "", 'e' },
    { "[][]", "", 'e' },
    { "[1]\n\n[2]", "1|", 'e' },
    { "[] \v", "", 'e' }
};

#define CASES  (sizeof(cases) / sizeof(cases[0]))


/* memory that ends where the chunk does, so that reads beyond it are seen */

static void
feed(split_check_t *check, const unsigned char *data, size_t len)
{
    unsigned char  *copy;

    copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }

    if (len) {
        memcpy(copy + 1, data, len);
    }

    split_check_feed(check, copy + 1, len);
    free(copy);
}


/* all ways to feed it: NULL or what went wrong */

static const char *
try_chunks(const ref_list_t *list, const unsigned char *text, size_t len,
    sensu_key_kind_e kind)
{
    size_t         i, cut, step;
    const char    *wrong;
    split_check_t  check;

    static const size_t  steps[] = { 1, 2, 3, 7, 63, 64, 65, 0 };

    /* a long text is not cut at every byte */

    for (cut = 0; cut <= len; cut += len > 600 ? 13 : 1) {
        split_check_init(&check, list, text, kind);
        feed(&check, text, cut);
        feed(&check, text + cut, len - cut);
        wrong = split_check_end(&check);

        if (wrong) {
            return wrong;
        }
    }

    for (step = 0; steps[step]; step++) {
        split_check_init(&check, list, text, kind);

        for (i = 0; i < len; i += steps[step]) {
            feed(&check, text + i,
                 len - i < steps[step] ? len - i : steps[step]);
        }

        wrong = split_check_end(&check);

        if (wrong) {
            return wrong;
        }
    }

    return NULL;
}


/* without keys and with them */

static void
try_text(const char *kernel, const char *name, const char *data, size_t len)
{
    const char           *wrong;
    const unsigned char  *text;

    static ref_list_t  list;

    text = (const unsigned char *) data;
    ref_split(&list, text, len);

    wrong = try_chunks(&list, text, len, SENSU_KEY_UNKNOWN);

    if (wrong == NULL) {
        wrong = try_chunks(&list, text, len, SENSU_KEY_NAME);
    }

    ok(wrong == NULL, "%s: %s%s%s", kernel, name, wrong ? ": " : "",
       wrong ? wrong : "");
}


/* the reference itself, against the table */

static void
test_reference(void)
{
    size_t       i, j;
    char         got[1000], verdict, *p;
    const char  *text;

    static ref_list_t  list;

    for (i = 0; i < CASES; i++) {
        text = cases[i].text;
        ref_split(&list, (const unsigned char *) text, strlen(text));
        p = got;

        for (j = 0; j < list.n; j++) {
            p += sprintf(p, "%.*s|", (int) (list.to[j] - list.from[j]),
                         text + list.from[j]);
        }

        *p = '\0';
        verdict = list.error ? 'e' : list.done ? 'd' : 'o';

        ok(strcmp(got, cases[i].elements) == 0 && verdict == cases[i].verdict,
           "reference: case %zu: %c", i, cases[i].verdict);
    }
}


/* each case, and each behind white space so that blocks begin elsewhere */

static void
test_cases(const char *kernel)
{
    size_t  i, pad;
    char    name[100], text[1000];

    for (i = 0; i < CASES; i++) {
        sprintf(name, "case %zu", i);
        try_text(kernel, name, cases[i].text, strlen(cases[i].text));
    }

    for (pad = 50; pad < 70; pad++) {
        sprintf(name, "after %zu bytes", pad);
        sprintf(text, "[\"%*s\",{\"a\":\"\\\\\\\"}\",\"b\":[{},\"]\"]},%*s-1,"
                "[\"\\\\\\\\\"] , \"\\\\\" ]", (int) pad, "", (int) pad, "");
        try_text(kernel, name, text, strlen(text));
    }
}


/* many short elements, some with what makes them need a closer look */

static void
test_short(const char *kernel)
{
    char    *p, name[100];
    size_t   i, odd;

    static char               text[8000];
    static const char *const  plain[] = {
        "1", "\"a\"", "{}", "[]", "{\"a\":\"},{\"}", "-20", "\"\\\\\"", "\"\"",
        "[1,2]", " 7 ", "\n[ ]", "\"a, b\""
    };
    static const char *const  odds[] = {
        "1.5", "true", "[[]]", "{\"a\":{}}", "\t3", "\"a\" \"b\"", "1 2", "",
        "{]", "x", "\\", "{}{}", "1\"a\"", "1{}", "\"a\"[]", "[}", "1],2]"
    };

    for (odd = 0; odd <= sizeof(odds) / sizeof(odds[0]); odd++) {
        p = text;
        *p++ = '[';

        for (i = 0; i < 300; i++) {
            p += sprintf(p, "%s%s", i ? "," : "",
                         i == 177 && odd ? odds[odd - 1]
                                         : plain[i * i % 97 % 12]);
        }

        strcpy(p, "]");
        sprintf(name, "short elements, odd one %zu", odd);

        try_text(kernel, name, text, p + 1 - text);
    }
}


/* the outer array is a level, too */

static void
test_depth(const char *kernel)
{
    int     depth, levels;
    char    text[2100], name[100];
    size_t  len;

    for (levels = SENSU_SPLIT_MAX_DEPTH - 1;
         levels <= SENSU_SPLIT_MAX_DEPTH + 1;
         levels++)
    {
        for (depth = 0; depth < levels; depth++) {
            text[depth] = depth % 2 ? '{' : '[';
        }

        for ( /* void */ ; depth > 0; depth--) {
            text[2 * levels - depth] = depth % 2 ? ']' : '}';
        }

        len = 2 * levels;
        sprintf(name, "%d levels", levels);
        try_text(kernel, name, text, len);
    }
}


static void
test_after_error(const char *kernel)
{
    sensu_span_t          span;
    sensu_split_t         s;
    sensu_split_rc_e      rc;
    const unsigned char  *pos, *last;

    sensu_split_init(&s);
    pos = (const unsigned char *) "[1 2]";
    last = pos + 5;

    rc = sensu_split_next(&s, &pos, last, &span);
    is_int(rc, SENSU_SPLIT_ELEMENT, "%s: an element before the error", kernel);

    rc = sensu_split_next(&s, &pos, last, &span);
    is_int(rc, SENSU_SPLIT_ERROR, "%s: the error", kernel);
    is_int(span.bytes.len, 0, "%s: has no bytes", kernel);

    pos = (const unsigned char *) "[]";
    rc = sensu_split_next(&s, &pos, pos + 2, &span);
    is_int(rc, SENSU_SPLIT_ERROR, "%s: stays", kernel);
    ok(!sensu_split_done(&s), "%s: and is no end", kernel);
}


/* a list cut off anywhere is not done, and no element of it is wrong */

static void
test_truncated(const char *kernel)
{
    size_t       len;
    const char  *wrong;

    static ref_list_t  list;
    static const char  text[] =
        "[{\"metadata\":{\"name\":\"a\\\"\",\"namespace\":\"default\"},\"x\":"
        "[1,2]},\n {\"metadata\":{\"name\":\"b\\\\\",\"labels\":{}}, \"y\":"
        "null}, \"three\", 4 ]";

    for (wrong = NULL, len = 0; wrong == NULL && len < strlen(text); len++) {
        ref_split(&list, (const unsigned char *) text, len);

        if (list.done || list.error) {
            wrong = "the reference thinks it whole";
            break;
        }

        wrong = try_chunks(&list, (const unsigned char *) text, len,
                           SENSU_KEY_META_NS);
    }

    ok(wrong == NULL, "%s: truncated anywhere%s%s", kernel, wrong ? ": " : "",
       wrong ? wrong : "");
}


int
main(void)
{
    unsigned     i, ran;
    const char  *name;

    test_reference();

    ok(sensu_split_select("mmx") == NULL, "there is no such kernel");

    for (ran = 0, i = 0; kernels[i]; i++) {
        name = sensu_split_select(kernels[i]);

        if (name == NULL) {
            printf("# this CPU has no %s\n", kernels[i]);
            continue;
        }

        ran++;
        ok(strcmp(name, kernels[i]) == 0, "%s is in force", name);

        test_cases(name);
        test_short(name);
        test_depth(name);
        test_after_error(name);
        test_truncated(name);
    }

    name = sensu_split_select(NULL);
    ok(name != NULL && ran > 0, "%s is the fastest here", name);

    return done_testing();
}
