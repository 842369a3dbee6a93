# Random schemas and histories: the same on the source, by native replication, and on both roads of ccr-apply.
# model.slow.bats and `make soak` run more of the same.

load ../lib/common
load model

setup_file() {
    model_servers
    model_reset
}

@test "random histories, merged, ordered and native: equal tables and counters" {
    seed
    model_rounds 5 120
    model_restart
}
