#include "mysql/option_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { DEEPEST = 16 };

struct looking {
    const char *group;
    bool found;
    struct buf others; /* for the hint */
};

static void look_into(struct looking *l, const char *path, int depth);

static void note_group(struct looking *l, const char *name)
{
    l->found |= strcmp(name, l->group) == 0;
    buf_printf(&l->others, "%s%s", l->others.len ? ", " : "", name);
}

static void trim_end(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    text[len] = 0;
}

/* "include FILE", "includedir DIR" */
static void follow(struct looking *l, char *word, int depth)
{
    char *path = strchr(word, ' ');

    if (!path)
        return;
    *path++ = 0;
    trim_end(path);
    if (strcmp(word, "include") == 0) {
        look_into(l, path, depth + 1);
    } else if (strcmp(word, "includedir") == 0) {
        char *file = mem_printf("%s/my.cnf", path);
        look_into(l, file, depth + 1);
        free(file);
    }
}

/* false: what comes behind is not read. */
static bool look_at_line(struct looking *l, char *line, int depth)
{
    while (isspace((unsigned char)*line))
        line++;
    if (*line == '!')
        follow(l, line + 1, depth);
    if (*line != '[')
        return true;
    char *end = strchr(line, ']');
    if (!end)
        return false;
    *end = 0;
    trim_end(line + 1);
    note_group(l, line + 1);
    return true;
}

/* What cannot be read is passed over, as the library does. */
static void look_into(struct looking *l, const char *path, int depth)
{
    FILE *f = depth <= DEEPEST ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t cap = 0;

    if (!f)
        return;
    while (getline(&line, &cap, f) >= 0 && look_at_line(l, line, depth))
        ;
    free(line);
    fclose(f);
}

static void look_in_folder(struct looking *l, const char *folder, const char *name)
{
    if (!folder)
        return;
    char *path = mem_printf("%s/%s", folder, name);
    look_into(l, path, 0);
    free(path);
}

static struct err *check_group(const char *file, const char *group)
{
    struct looking l = {.group = group, .others = BUF_INIT};
    struct err *e = NULL;

    if (file) {
        look_into(&l, file, 0);
    } else {
        look_in_folder(&l, "/etc", "my.cnf");
        look_in_folder(&l, "/etc/mysql", "my.cnf");
        look_in_folder(&l, getenv("MARIADB_HOME"), "my.cnf");
        look_in_folder(&l, getenv("MYSQL_HOME"), "my.cnf");
        look_in_folder(&l, getenv("HOME"), ".my.cnf");
    }
    if (!l.found && !file) {
        e = err_hint(err_new(ERR_CONFIG, "no option file has a group [%s]", group),
                     "name the file that has it with --defaults-file");
    } else if (!l.found) {
        e = err_new(ERR_CONFIG, "the option file %s has no group [%s]", file, group);
        e = l.others.len ? err_hint(e, "its groups: %s", buf_str(&l.others))
                         : err_hint(e, "it has no group at all");
    }
    buf_free(&l.others);
    return e;
}

static struct err *check_file(const char *file)
{
    FILE *f = fopen(file, "re");

    if (!f)
        return err_hint(err_errno(ERR_CONFIG, errno, "reading the option file %s", file),
                        "check --defaults-file and the permissions of the file");
    fclose(f);
    return NULL;
}

struct err *option_file_check(const char *file, const char *group)
{
    if (file)
        TRY(check_file(file));
    return group ? check_group(file, group) : NULL;
}
