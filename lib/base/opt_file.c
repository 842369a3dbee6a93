/* The config file: INI, read with libini_config (no limit on line lengths, line numbers for messages). */
#include "base/opt_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ini_configobj.h>

#include "base/buf.h"
#include "base/mem.h"

struct section_kind {
    const char *word;
    enum opt_section bit;
};

static const struct section_kind kinds[] = {
    {"store", SECTION_STORE},
    {"source", SECTION_SOURCE},
    {"target", SECTION_TARGET},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* "[source east]": its kind, and where its name begins; NULL for anything else. */
static const struct section_kind *section_parse(const char *section, const char **name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t len = strlen(kinds[i].word);
        if (strncmp(section, kinds[i].word, len) != 0 || section[len] != ' ')
            continue;
        *name = section + len + strspn(section + len, " ");
        return **name ? &kinds[i] : NULL;
    }
    return NULL;
}

/* '_' and '-' are the same, as in MySQL's option files. */
static bool key_is(const char *key, const char *name)
{
    for (; *key && (*key == *name || (*key == '_' && *name == '-')); key++, name++)
        ;
    return *key == *name;
}

static int key_find(const char *key, unsigned section)
{
    for (int id = 0; id < OPT_COUNT_; id++)
        if ((opt_specs[id].sections & section) && key_is(key, opt_specs[id].name))
            return id;
    return -1;
}

/* It may be an option that is no key, or one of another section. */
static struct err *key_unknown(const char *path, const char *section, const char *key)
{
    struct err *e = err_new(ERR_CONFIG, "config file %s: [%s] has an unknown key '%s'", path, section, key);

    for (int id = 0; id < OPT_COUNT_; id++)
        if (!opt_specs[id].sections && key_is(key, opt_specs[id].name))
            return err_hint(e, "--%s is given on the command line only", opt_specs[id].name);
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (key_find(key, kinds[i].bit) >= 0)
            return err_hint(e, "it belongs into a section [%s NAME]", kinds[i].word);
    return err_hint(e, "the options that --help lists are keys, too; those of a store are in the man page");
}

static bool is_empty(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

static struct err *config_open(const char *path, struct ini_cfgobj **out)
{
    struct ini_cfgfile *file = NULL;
    struct ini_cfgobj *config = NULL;
    struct err *e = NULL;
    char **errors = NULL;

    int rc = ini_config_file_open(path, 0, &file);
    if (rc)
        return err_hint(err_errno(ERR_CONFIG, rc, "reading the config file %s", path),
                        "check the path and its permissions");
    rc = ini_config_create(&config);
    if (!rc && is_empty(path)) /* which the parser takes for a line that it cannot read */
        e = err_new(ERR_CONFIG, "config file %s is empty", path);
    else if (!rc)
        rc = ini_config_parse(file, INI_STOP_ON_ANY, INI_MS_ERROR | INI_MV1S_ERROR | INI_MV2S_ERROR,
                              INI_PARSE_NOWRAP, config);
    if (rc) {
        if (config && ini_config_get_errors(config, &errors) == 0 && errors && errors[0])
            e = err_new(ERR_CONFIG, "config file %s: %s", path, errors[0]);
        else
            e = err_errno(ERR_CONFIG, rc, "config file %s cannot be parsed", path);
        e = err_hint(
            e, "a section or a key may stand only once; lines are 'key = value', comments start with #");
    }
    ini_config_free_errors(errors);
    ini_config_file_destroy(file);
    if (e) {
        ini_config_destroy(config);
        return e;
    }
    *out = config;
    return NULL;
}

/* Calls fn for every key of a section, or only checks the keys where o is NULL. */
static struct err *section_read(struct ini_cfgobj *config, const char *path, const char *section,
                                unsigned kind, struct opts *o)
{
    struct err *e = NULL;
    int count = 0;
    int error = 0;
    char **keys = ini_get_attribute_list(config, section, &count, &error);

    for (int i = 0; keys && i < count && !e; i++) {
        struct value_obj *value = NULL;
        int id = key_find(keys[i], kind);
        if (id < 0) {
            e = key_unknown(path, section, keys[i]);
            break;
        }
        if (!o)
            continue;
        int rc = ini_get_config_valueobj(section, keys[i], config, INI_GET_FIRST_VALUE, &value);
        char *text = rc || !value ? NULL : ini_get_string_config_value(value, &error);
        if (!text) {
            e = err_new(ERR_CONFIG, "config file %s: [%s] key '%s' has no value", path, section, keys[i]);
            break;
        }
        if (o->values[id].by_flag) {
            free(o->values[id].key);
            o->values[id].key = text;
            continue;
        }
        char *where = mem_printf("config file %s: [%s] %s", path, section, keys[i]);
        e = opt_set(o, (enum opt_id)id, text, ERR_CONFIG, where);
        free(where);
        free(text);
    }
    if (keys)
        ini_free_attribute_list(keys);
    return e;
}

static struct err *section_missing(char **sections, int count, const char *path,
                                   const struct section_kind *kind, const char *wanted)
{
    struct buf there = BUF_INIT;
    const char *name;

    for (int i = 0; i < count; i++)
        if (section_parse(sections[i], &name) == kind)
            buf_printf(&there, "%s%s", there.len ? ", " : "", name);
    struct err *e = err_new(ERR_CONFIG, "config file %s has no section [%s %s]", path, kind->word, wanted);
    e = there.len ? err_hint(e, "names of its [%s] sections: %s", kind->word, buf_str(&there))
                  : err_hint(e, "it has no [%s] section at all", kind->word);
    buf_free(&there);
    return e;
}

/* The section of one kind to use: the named one, or the only one. NULL in *out where there is none and none
 * is named. */
static struct err *section_choose(char **sections, int count, const char *path,
                                  const struct section_kind *kind, const char *wanted, const char **out)
{
    const char *found = NULL;
    int matches = 0;

    for (int i = 0; i < count; i++) {
        const char *name;
        if (section_parse(sections[i], &name) != kind || (wanted && strcmp(name, wanted) != 0))
            continue;
        found = sections[i];
        matches++;
    }
    if (wanted && !found)
        return section_missing(sections, count, path, kind, wanted);
    if (matches > 1)
        return err_hint(err_new(ERR_USAGE, "config file %s has several [%s] sections", path, kind->word),
                        "say which with --%s NAME", kind->word);
    *out = found;
    return NULL;
}

/* The kind of the sections that hold a binary's settings; NULL where it has none. */
static const struct section_kind *side_of(const struct opts *o)
{
    if (o->program & PROGRAM_CYCLE)
        return strcmp(o->verb, "source") == 0 ? &kinds[1] : &kinds[2];
    if (o->program & (PROGRAM_BACKUP | PROGRAM_SHIP))
        return &kinds[1];
    return o->program & (PROGRAM_RESTORE | PROGRAM_APPLY | PROGRAM_STATUS | PROGRAM_JOB | PROGRAM_PROMOTE)
               ? &kinds[2]
               : NULL;
}

static struct err *config_use(struct opts *o, struct ini_cfgobj *config, char **sections, int count)
{
    const struct section_kind *side = side_of(o);
    const char *wanted = side ? opts_string(o, side == &kinds[1] ? OPT_SOURCE : OPT_TARGET) : NULL;
    const char *section = NULL;

    for (int i = 0; i < count; i++) {
        const char *name;
        const struct section_kind *kind = section_parse(sections[i], &name);
        if (!kind)
            return err_hint(
                err_new(ERR_CONFIG, "config file %s: unknown section [%s]", o->config_path, sections[i]),
                "sections are [store NAME], [source NAME] and [target NAME]");
        TRY(section_read(config, o->config_path, sections[i], kind->bit, NULL));
    }
    if (o->program == PROGRAM_CYCLE && !wanted) /* it takes all of them in turn */
        return NULL;
    if (side)
        TRY(section_choose(sections, count, o->config_path, side, wanted, &section));
    if (section)
        TRY(section_read(config, o->config_path, section, side->bit, o));
    const char *store = opts_string(o, OPT_STORE);
    if (store && strstr(store, "://"))
        return NULL;
    TRY(section_choose(sections, count, o->config_path, &kinds[0], store, &section));
    return section ? section_read(config, o->config_path, section, SECTION_STORE, o) : NULL;
}

struct err *opt_read_config(struct opts *o)
{
    struct ini_cfgobj *config = NULL;
    int count = 0;
    int error = 0;

    TRY(config_open(o->config_path, &config));
    char **sections = ini_get_section_list(config, &count, &error);
    struct err *e = config_use(o, config, sections, count);
    if (sections)
        ini_free_section_list(sections);
    ini_config_destroy(config);
    return e;
}

struct err *opts_sections(const struct opts *o, const char *kind, char ***names, size_t *count)
{
    struct ini_cfgobj *config = NULL;
    int all = 0;
    int error = 0;

    *names = NULL;
    *count = 0;
    TRY(config_open(o->config_path, &config));
    char **sections = ini_get_section_list(config, &all, &error);
    for (int i = 0; sections && i < all; i++) {
        const char *name;
        const struct section_kind *found = section_parse(sections[i], &name);
        if (!found || strcmp(found->word, kind) != 0)
            continue;
        *names = mem_resize(*names, *count + 1, sizeof(**names));
        (*names)[(*count)++] = mem_strdup(name);
    }
    if (sections)
        ini_free_section_list(sections);
    ini_config_destroy(config);
    return *count ? NULL : err_new(ERR_CONFIG, "config file %s has no [%s] section", o->config_path, kind);
}
