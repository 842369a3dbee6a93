#include <stdlib.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "restore/place_object.h"

static const enum object_kind routines[] = {OBJECT_FUNCTION, OBJECT_PROCEDURE, OBJECT_PACKAGE,
                                            OBJECT_PACKAGE_BODY};

/* Something that the view uses is not there. */
static bool is_broken_view(unsigned number)
{
    switch (number) {
    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_SP_DOES_NOT_EXIST:
    case ER_VIEW_INVALID:
    case ER_BAD_DB_ERROR:
        return true;
    default:
        return false;
    }
}

/* Or its definer, or what the definer may do: the server says ER_VIEW_INVALID for that too. */
static bool is_definers_fault(unsigned number)
{
    switch (number) {
    case ER_NO_SUCH_USER:
    case ER_PROCACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
        return true;
    default:
        return is_broken_view(number);
    }
}

static struct err *place_routines(const struct placing *p, enum place_as as)
{
    unsigned number;

    for (size_t i = 0; i < p->plan->manifest->object_count; i++)
        for (size_t k = 0; k < sizeof(routines) / sizeof(routines[0]); k++)
            if (placing_has(p, i, routines[k]))
                TRY(place_object(p, i, as, &number));
    return NULL;
}

/* *again: some could not be made with their own definers. */
static struct err *place_views_at_once(const struct placing *p, bool *again)
{
    *again = false;
    for (size_t i = 0; i < p->plan->manifest->object_count && !*again; i++) {
        unsigned number = 0;
        if (!placing_has(p, i, OBJECT_VIEW))
            continue;
        struct err *e = place_object(p, i, PLACE_AS_DEFINED, &number);
        *again = e && is_definers_fault(number);
        if (!*again)
            TRY(e);
        err_free(e);
    }
    return NULL;
}

/* made[i] is set for those that could be made. */
static struct err *place_views_as_own(const struct placing *p, bool *made)
{
    for (size_t i = 0; i < p->plan->manifest->object_count; i++) {
        unsigned number = 0;
        if (!placing_has(p, i, OBJECT_VIEW))
            continue;
        struct err *e = place_object(p, i, PLACE_AS_OWN, &number);
        made[i] = !e;
        if (e && !is_broken_view(number))
            return e;
        if (e)
            log_warn(p->log, "left out, because something that it uses is missing: %s", err_message(e));
        err_free(e);
    }
    return NULL;
}

/* A view is made over others that are still ccr's own, and so on down. */
static struct err *place_views_backwards(const struct placing *p, const bool *made)
{
    unsigned number;

    for (size_t i = p->plan->manifest->object_count; i > 0; i--)
        if (made[i - 1])
            TRY(place_object(p, i - 1, PLACE_AS_DEFINED, &number));
    return NULL;
}

static struct err *place_in_two_steps(const struct placing *p)
{
    bool *made = mem_zalloc(p->plan->manifest->object_count + 1, sizeof(*made));
    struct err *e = place_routines(p, PLACE_AS_OWN);

    if (!e)
        e = place_views_as_own(p, made);
    if (!e)
        e = place_views_backwards(p, made);
    if (!e)
        e = place_routines(p, PLACE_AS_DEFINED);
    free(made);
    return e;
}

struct err *place_routines_and_views(const struct placing *p)
{
    bool again = false;

    TRY(place_routines(p, PLACE_AS_DEFINED));
    TRY(place_views_at_once(p, &again));
    return again ? place_in_two_steps(p) : NULL;
}
