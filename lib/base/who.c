#include "base/who.h"

#include <pwd.h>
#include <unistd.h>

#include "base/mem.h"

char *who_user(void)
{
    char room[1024];
    struct passwd entry;
    struct passwd *found = NULL;

    if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found)
        return mem_strdup(found->pw_name);
    return mem_printf("user %lu", (unsigned long)geteuid());
}
