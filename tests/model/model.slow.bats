# Random schemas and histories, more of them (SOAK=N: N times as many). Seeds count up from CCR_SEED, which with
# ROUNDS=1 repeats one.

load ../lib/common
load model

setup_file() {
    model_servers
    model_reset
}

@test "short histories over many schemas" {
    seed
    model_rounds $((25 * ${SOAK:-1})) 150
    model_restart
}

@test "long histories over fewer schemas" {
    seed
    model_rounds $((3 * ${SOAK:-1})) 1500
    model_restart
}

@test "the same against native replication in parallel" {
    seed
    sql native "STOP SLAVE; SET GLOBAL slave_parallel_threads = 4, slave_parallel_mode = optimistic; START SLAVE"
    model_rounds $((8 * ${SOAK:-1})) 150
    sql native "STOP SLAVE; SET GLOBAL slave_parallel_threads = 0; START SLAVE"
}
