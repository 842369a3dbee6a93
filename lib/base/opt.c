#include "base/opt_table.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct opt_verb {
    const char *name; /* NULL: the list's end */
    const char *help;
};

static const struct opt_verb job_verbs[] = {
    {"list", "all jobs of the target"},
    {"create", "a new job: checks first, and refuses what would not run (--check only checks)"},
    {"show", "one job: scope, renames, state, transactions to be passed over"},
    {"pause", "its runs do nothing until it is resumed"},
    {"resume", "a paused or stopped job goes on"},
    {"resync", "copies all of the job again, or --tables or --partitions of it"},
    {"skip", "ccr-apply passes over one transaction, --gtid, that the job cannot pass"},
    {"adopt", "a target that was cloned or restored from a backup is the job's target now"},
    {"desync", "ends the job: the data stays, ccr's record of it goes (--yes; without, only says so)"},
    {"delete", "the same of a job that was never copied, too, and with --with-data its tables go"},
    {"publish", "writes what the store should have of the job: job.json, status.json, requests"},
    {NULL, NULL},
};

static const struct opt_verb cycle_verbs[] = {
    {"source", "per [source] section: ship the log, take a snapshot where one is due"},
    {"target", "per job of the [target] sections: apply the log"},
    {NULL, NULL},
};

static const struct program_row {
    enum program program;
    const char *name;
    const char *summary;
    const struct opt_verb *verbs; /* NULL: it takes none */
} programs[] = {
    {PROGRAM_BACKUP, "ccr-backup", "writes one consistent snapshot of a source into the store", NULL},
    {PROGRAM_RESTORE, "ccr-restore", "loads a snapshot into staging and swaps it in atomically", NULL},
    {PROGRAM_SHIP, "ccr-ship", "ships the source's binlog into the store, as segments", NULL},
    {PROGRAM_APPLY, "ccr-apply", "applies the store's segments to the target", NULL},
    {PROGRAM_VERIFY, "ccr-verify", "checks everything in a store, and says what can be restored", NULL},
    {PROGRAM_PRUNE, "ccr-prune", "removes from a store what nothing needs any more", NULL},
    {PROGRAM_STATUS, "ccr-status", "tells how jobs and streams are doing", NULL},
    {PROGRAM_JOB, "ccr-job",
     "makes, shows, pauses and resumes jobs, and leads them past what they cannot pass", job_verbs},
    {PROGRAM_PROMOTE, "ccr-promote", "makes a followed target a server of its own: the end of its job", NULL},
    {PROGRAM_CYCLE, "ccr-cycle", "runs what is due on one side: what cron starts", cycle_verbs},
};

/* Every program has its row. */
static const struct program_row *program_find(enum program program)
{
    size_t i = sizeof(programs) / sizeof(programs[0]) - 1;

    while (i > 0 && programs[i].program != program)
        i--;
    return &programs[i];
}

const char *opts_program_name(enum program program)
{
    return program_find(program)->name;
}

const char *opts_name(enum opt_id id)
{
    return opt_specs[id].name;
}

void opt_unset(struct opt_value *v)
{
    for (size_t i = 0; i < v->list_count; i++)
        free(v->list[i]);
    free(v->list);
    free(v->text);
    free(v->where);
    free(v->key);
    *v = (struct opt_value){0};
}

enum { HELP_WIDTH = 100 };

static const char rows_unit[] = "rows";

static bool is_in_rows(const char *rate)
{
    size_t len = strlen(rate);
    size_t unit = sizeof(rows_unit) - 1;

    return len > unit && strcmp(rate + len - unit, rows_unit) == 0;
}

/* "12", "16M", "90s", "2h": digits and one unit letter of `units` with its factor. */
static bool opt_parse_number(const char *text, const char *units, const uint64_t *factors, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno)
        return false;
    uint64_t factor = 1;
    if (*end) {
        const char *unit = strchr(units, *end);
        if (!unit || end[1])
            return false;
        factor = factors[unit - units];
    }
    if (n > UINT64_MAX / factor)
        return false;
    *out = n * factor;
    return true;
}

static bool opt_parse_rate(const char *text, const uint64_t *sizes, uint64_t *out)
{
    if (!is_in_rows(text))
        return opt_parse_number(text, "KMG", sizes, out) && *out > 0;
    char *digits = mem_strndup(text, strlen(text) - (sizeof(rows_unit) - 1));
    bool valid = opt_parse_number(digits, "", NULL, out) && *out > 0;
    free(digits);
    return valid;
}

static bool opt_parse_typed(enum opt_type type, const char *text, uint64_t *out)
{
    static const uint64_t sizes[] = {1ULL << 10, 1ULL << 20, 1ULL << 30};
    static const uint64_t times[] = {1, 60, 3600, 86400};

    switch (type) {
    case TYPE_COUNT:
        return opt_parse_number(text, "", NULL, out) && *out <= UINT32_MAX;
    case TYPE_PORT: /* a larger one would be taken for another, by its low bits */
        return opt_parse_number(text, "", NULL, out) && *out > 0 && *out <= UINT16_MAX;
    case TYPE_SIZE:
        return opt_parse_number(text, "KMG", sizes, out);
    case TYPE_SECONDS:
        return opt_parse_number(text, "smhd", times, out) && *out <= UINT32_MAX;
    case TYPE_RATE:
        return opt_parse_rate(text, sizes, out);
    case TYPE_FLAG:
    case TYPE_STRING:
    case TYPE_LIST:
        break;
    }
    return true;
}

static const char *opt_type_hint(enum opt_type type)
{
    switch (type) {
    case TYPE_COUNT:
        return "a whole number, up to 4294967295";
    case TYPE_PORT:
        return "a port, 1 to 65535";
    case TYPE_SIZE:
        return "bytes, as in 4096, 512K, 16M or 1G";
    case TYPE_SECONDS:
        return "seconds, or 90s, 5m, 2h, 1d, up to 4294967295 seconds";
    case TYPE_RATE:
        return "bytes a second, as in 20M, or rows a second, as in 100000rows";
    case TYPE_FLAG:
        return "yes or no";
    case TYPE_STRING:
    case TYPE_LIST:
        break;
    }
    return "a text";
}

static struct err *opt_add_to_list(struct opt_value *v, const char *text, enum err_code code,
                                   const char *where)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        while (len > 0 && *text == ' ') {
            text++;
            len--;
        }
        if (len == 0)
            return err_new(code, "%s has an empty element", where);
        v->list = mem_resize(v->list, v->list_count + 2, sizeof(*v->list));
        v->list[v->list_count++] = mem_strndup(text, len);
        v->list[v->list_count] = NULL;
        text += len;
        if (*text == ',')
            text++;
    }
    return NULL;
}

struct err *opt_set(struct opts *o, enum opt_id id, const char *text, enum err_code code, const char *where)
{
    const struct opt_spec *spec = &opt_specs[id];
    struct opt_value *v = &o->values[id];
    uint64_t number = 0;

    if (spec->type == TYPE_LIST) {
        TRY(opt_add_to_list(v, text, code, where));
    } else if (spec->type == TYPE_FLAG) {
        number = strcmp(text, "yes") == 0 || strcmp(text, "on") == 0;
        if (!number && strcmp(text, "no") != 0 && strcmp(text, "off") != 0)
            return err_hint(err_new(code, "%s: '%s' is not valid", where, text), "it takes yes or no");
    } else if (!opt_parse_typed(spec->type, text, &number)) {
        return err_hint(err_new(code, "%s: '%s' is not valid", where, text), "it takes %s",
                        opt_type_hint(spec->type));
    }
    free(v->text);
    free(v->where);
    v->text = mem_strdup(text);
    v->where = code == ERR_CONFIG ? mem_strdup(where) : NULL;
    v->number = number;
    return NULL;
}

/* What getopt_long answered '?' to. A value is not repeated: it may be a password. */
static struct err *opt_unknown_flag(const char *arg)
{
    if (optopt >= 256)
        return err_new(ERR_USAGE, "option '--%s' takes no value", opt_specs[optopt - 256].name);
    /* a short option in the middle of its word: arg is the word before */
    const char letter[] = {'-', (char)optopt, 0};
    const char *name = optopt ? letter : arg;
    struct err *e = err_new(ERR_USAGE, "unknown option '%.*s'", (int)strcspn(name, "="), name);

    if (strncmp(name, "--password", 10) == 0 || strcmp(name, "-p") == 0)
        return err_hint(e, "passwords never go on the command line: put them into an option file and name it "
                           "with --defaults-file");
    return e;
}

static size_t opt_long_options(enum program program, struct option longs[OPT_COUNT_ + 1])
{
    size_t n = 0;

    for (int id = 0; id < OPT_COUNT_; id++) {
        const struct opt_spec *spec = &opt_specs[id];
        if (spec->programs & program)
            longs[n++] = (struct option){
                spec->name, spec->type == TYPE_FLAG ? no_argument : required_argument, NULL, 256 + id};
    }
    longs[n] = (struct option){0};
    return n;
}

static struct err *opt_parse_argv(struct opts *o, int argc, char **argv)
{
    struct option longs[OPT_COUNT_ + 1];
    struct err *e = NULL;
    int c;

    opt_long_options(o->program, longs);
    opterr = 0;
    optind = 0; /* start anew, also in the middle of a word */
    while (!e && (c = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
        if (c == ':')
            return err_new(ERR_USAGE, "option '%s' needs a value", argv[optind - 1]);
        if (c == '?')
            return opt_unknown_flag(argv[optind - 1]);
        enum opt_id id = c == 'h' ? OPT_HELP : (enum opt_id)(c - 256);
        char *where = mem_printf("--%s", opt_specs[id].name);
        e = opt_set(o, id, optarg && opt_specs[id].type != TYPE_FLAG ? optarg : "yes", ERR_USAGE, where);
        o->values[id].by_flag = true;
        free(where);
    }
    if (!e && optind < argc)
        e = err_hint(err_new(ERR_USAGE, "unexpected argument '%s'", argv[optind]), "options start with --");
    return e;
}

/* The first word, where the binary has verbs: *argc and *argv are behind it then. --help goes without one. */
static struct err *opt_parse_verb(struct opts *o, int *argc, char ***argv)
{
    const struct program_row *row = program_find(o->program);
    struct buf known = BUF_INIT;

    if (!row->verbs || *argc < 1)
        return NULL;
    const char *word = *argc > 1 && (*argv)[1][0] != '-' ? (*argv)[1] : NULL;
    for (const struct opt_verb *v = row->verbs; v->name; v++) {
        if (word && strcmp(word, v->name) == 0)
            o->verb = v->name;
        buf_printf(&known, "%s%s", known.len ? ", " : "", v->name);
    }
    struct err *e = NULL;
    if (word && !o->verb)
        e = err_hint(err_new(ERR_USAGE, "'%s' is no verb of %s", word, row->name), "it is one of: %s",
                     buf_str(&known));
    if (word) {
        --*argc;
        ++*argv;
    }
    buf_free(&known);
    return e;
}

static struct err *opt_require_verb(const struct opts *o)
{
    const struct program_row *row = program_find(o->program);

    return o->verb || !row->verbs ? NULL
                                  : err_new(ERR_USAGE, "the first word says what to do, as in %s %s",
                                            row->name, row->verbs[0].name);
}

/* They are one list of what to copy: a flag of any wins over the keys of all. */
static void opt_prefer_flags(struct opts *o)
{
    static const enum opt_id group[] = {OPT_DATABASES, OPT_TABLES, OPT_PARTITIONS};
    const size_t count = sizeof(group) / sizeof(group[0]);
    bool by_flag = false;

    for (size_t i = 0; i < count; i++)
        by_flag |= o->values[group[i]].by_flag;
    for (size_t i = 0; i < count && by_flag; i++)
        if (!o->values[group[i]].by_flag)
            opt_unset(&o->values[group[i]]);
}

static struct err *opt_apply_defaults(struct opts *o)
{
    for (int id = 0; id < OPT_COUNT_; id++) {
        struct opt_value *v = &o->values[id];
        if (v->text || !opt_specs[id].fallback)
            continue;
        TRY(opt_set(o, (enum opt_id)id, opt_specs[id].fallback, ERR_INTERNAL, opt_specs[id].name));
    }
    return NULL;
}

static struct err *opt_check(const struct opts *o)
{
    const char *format = opts_string(o, OPT_LOG_FORMAT);

    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return err_hint(err_new(ERR_USAGE, "--log-format: '%s' is not valid", format),
                        "it takes text or json");
    return NULL;
}

struct err *opts_parse(enum program program, int argc, char **argv, struct opts **out)
{
    struct opts *o = mem_zalloc(1, sizeof(*o));

    o->program = program;
    *out = o;
    TRY(opt_parse_verb(o, &argc, &argv));
    TRY(opt_parse_argv(o, argc, argv));
    if (opts_flag(o, OPT_HELP) || opts_flag(o, OPT_VERSION))
        return NULL;
    TRY(opt_require_verb(o));
    if (o->values[OPT_CONFIG].text) {
        o->config_path = mem_strdup(o->values[OPT_CONFIG].text);
        TRY(opt_read_config(o));
        opt_prefer_flags(o);
    }
    TRY(opt_apply_defaults(o));
    return opt_check(o);
}

void opts_free(struct opts *o)
{
    if (!o)
        return;
    for (int id = 0; id < OPT_COUNT_; id++)
        opt_unset(&o->values[id]);
    free(o->config_path);
    free(o);
}

const char *opts_verb(const struct opts *o)
{
    return o->verb;
}

bool opts_flag(const struct opts *o, enum opt_id id)
{
    return o->values[id].number != 0;
}

const char *opts_string(const struct opts *o, enum opt_id id)
{
    return o->values[id].text;
}

uint64_t opts_number(const struct opts *o, enum opt_id id)
{
    return o->values[id].number;
}

void opts_rate(const struct opts *o, enum opt_id id, uint64_t *rows, uint64_t *bytes)
{
    const struct opt_value *v = &o->values[id];
    bool in_rows = v->text && is_in_rows(v->text);

    *rows = in_rows ? v->number : 0;
    *bytes = in_rows ? 0 : v->number;
}

const char *const *opts_list(const struct opts *o, enum opt_id id, size_t *count)
{
    static const char *const none[] = {NULL};
    const struct opt_value *v = &o->values[id];

    if (count)
        *count = v->list_count;
    return v->list ? (const char *const *)v->list : none;
}

bool opts_unattended(const struct opts *o)
{
    return opts_flag(o, OPT_CRON) || opts_flag(o, OPT_FOLLOW) || opts_flag(o, OPT_UNATTENDED);
}

bool opts_flagged(const struct opts *o, enum opt_id id)
{
    return o->values[id].by_flag;
}

bool opts_given(const struct opts *o, enum opt_id id)
{
    const struct opt_value *v = &o->values[id];

    return v->text && (v->by_flag || !opt_specs[id].fallback || strcmp(v->text, opt_specs[id].fallback) != 0);
}

const char *opts_key(const struct opts *o, enum opt_id id)
{
    const struct opt_value *v = &o->values[id];

    return v->where ? v->text : v->key;
}

struct err *opts_require(const struct opts *o, enum opt_id id)
{
    const struct opt_spec *spec = &opt_specs[id];

    if (o->values[id].text)
        return NULL;
    struct err *e = err_new(ERR_USAGE, "--%s is missing", spec->name);
    if (spec->sections && !o->values[OPT_CONFIG].text)
        return err_hint(e, "give --%s %s, or the config file that says it (--config FILE)", spec->name,
                        spec->arg);
    if (spec->sections)
        return err_hint(e, "give --%s %s, or set %s in the config file", spec->name, spec->arg, spec->name);
    return err_hint(e, "give --%s %s", spec->name, spec->arg);
}

struct err *opts_refuse(const struct opts *o, enum opt_id id, struct err *e)
{
    const char *key = o->values[id].where;

    if (err_code(e) != ERR_USAGE)
        return e;
    return key ? err_context(err_recode(e, ERR_CONFIG), "%s", key)
               : err_context(e, "--%s", opt_specs[id].name);
}

struct err *opts_store_url(const struct opts *o, const char **url)
{
    const char *store = opts_string(o, OPT_STORE);

    if (store && strstr(store, "://"))
        *url = store;
    else if (opts_string(o, OPT_URL))
        *url = opts_string(o, OPT_URL);
    else if (store && o->config_path)
        return err_new(ERR_CONFIG, "%s has no section [store %s] with a url", o->config_path, store);
    else if (store)
        return err_hint(
            err_new(ERR_USAGE, "--store %s is no URL", store),
            "write file:///DIR or s3://BUCKET/PREFIX, or name the config file that has [store %s]", store);
    else
        return opts_require(o, OPT_STORE);
    return NULL;
}

static struct err *set_flag(struct opts *o, enum opt_id id, const char *text)
{
    struct err *e = opt_set(o, id, text, ERR_INTERNAL, opt_specs[id].name);

    o->values[id].by_flag = true;
    return e;
}

struct err *opts_of_source(const struct opts *o, const char *name, struct opts **out)
{
    const char *url = NULL;

    *out = NULL;
    if (!o->config_path)
        return err_hint(
            err_new(ERR_USAGE, "--source %s: no config file is named that could have a section [source %s]",
                    name, name),
            "name one with --config, or give --source the path of an option file to reach the source by");
    TRY(opts_store_url(o, &url));
    struct opts *of = mem_zalloc(1, sizeof(*of));
    of->program = PROGRAM_BACKUP;
    of->config_path = mem_strdup(o->config_path);
    struct err *e = set_flag(of, OPT_SOURCE, name);
    if (!e)
        e = set_flag(of, OPT_STORE, url);
    if (!e)
        e = opt_read_config(of);
    if (!e)
        e = opt_apply_defaults(of);
    if (e)
        opts_free(of);
    else
        *out = of;
    return e;
}

/* Which options are no keys: the general ones, and what one run is told to do. */
static void print_keys(enum program program)
{
    const char *before = "";
    int column = printf("\nOptions may also stand in the config file under the same name, but for ");

    for (int id = 0; id < OPT_COUNT_; id++) {
        if (!(opt_specs[id].programs & program) || opt_specs[id].sections)
            continue;
        if (column + (int)strlen(opt_specs[id].name) > HELP_WIDTH) {
            before = ",\n";
            column = 0;
        }
        column += printf("%s--%s", before, opt_specs[id].name);
        before = ", ";
    }
    printf(".\n");
}

void opts_print_help(enum program program)
{
    const struct program_row *row = program_find(program);

    printf("%s %s\n\nusage: %s %s[OPTION ...]\n\n", row->name, row->summary, row->name,
           row->verbs ? "VERB " : "");
    for (const struct opt_verb *v = row->verbs; v && v->name; v++)
        printf("  %-26s %s%s", v->name, v->help, v[1].name ? "\n" : "\n\n");
    for (int id = 0; id < OPT_COUNT_; id++) {
        const struct opt_spec *spec = &opt_specs[id];
        if (!(spec->programs & program))
            continue;
        char *flag = mem_printf("--%s%s%s", spec->name, spec->arg ? " " : "", spec->arg ? spec->arg : "");
        printf("  %-26s %s%s", flag, strlen(flag) > 26 ? "\n                             " : "", spec->help);
        free(flag);
        if (spec->fallback)
            printf(" (default: %s)", spec->fallback);
        printf("\n");
    }
    print_keys(program);
    printf("Exit codes:\n");
    for (int code = 0; code <= ERR_LOCKED; code++)
        if (strcmp(err_code_name((enum err_code)code), "unknown") != 0)
            printf("  %2d  %s\n", code, err_code_meaning((enum err_code)code));
}
