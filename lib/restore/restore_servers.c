#include "restore/restore_servers.h"

#include "mysql/server.h"
#include "restore/other_readers.h"
#include "restore/target_galera.h"

static struct other_readers_params other_readers(const struct restore_params *params, struct conn *c)
{
    return (struct other_readers_params){
        .target = c,
        .target_params = params->target,
        .servers = params->readers_on,
        .wait_s = params->swap_wait_s,
        .log = params->log,
    };
}

struct err *restore_check_servers(const struct restore_params *params, struct conn *c,
                                  struct restore_plan *plan)
{
    const struct other_readers_params readers = other_readers(params, c);

    TRY(other_readers_check(&readers));
    TRY(server_is_galera(c, &plan->keys_in_place));
    return target_galera_warn(c, plan, params->readers_on[0] != NULL, params->log);
}

struct err *restore_wait_for_readers(const struct restore_params *params, struct conn *c)
{
    const struct other_readers_params readers = other_readers(params, c);

    return other_readers_wait(&readers);
}
