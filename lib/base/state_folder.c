#include "base/state_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

/* The folders above may be missing in a new home. */
static char *below_home(const char *home)
{
    static const char *const parts[] = {".local", ".local/state"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *part = mem_printf("%s/%s", home, parts[i]);
        mkdir(part, 0700);
        free(part);
    }
    return mem_printf("%s/.local/state/ccr", home);
}

char *state_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *folder = NULL;

    if (state && state[0] == '/') {
        mkdir(state, 0700);
        folder = mem_printf("%s/ccr", state);
    } else if (home && home[0] == '/') {
        folder = below_home(home);
    }
    if (folder)
        mkdir(folder, 0700);
    return folder;
}
