# shellcheck shell=bash
# Real S3 servers for tests and measurements: Ceph radosgw (mon, osd in memory, gateway) and OpenStack Swift with its S3
# API, on free ports of the loopback interface. Needs tests/lib/server.bash. State lies in $T/ceph and $T/swift, and
# outlives the shell.
#
#   ceph_start, swift_start   start and wait until the server answers
#   s3_end                    ends both
#   s3_point ceph|swift|ceph-v2|swift-v2   exports what ccr takes from the environment (AWS_*); "-v2": signature V2
#   s3_use NAME [BUCKET]      so, makes the bucket, and sets $STORE to s3://BUCKET/store
#   s3_tool METHOD PATH [NAME=VALUE] [Name:value]   a signed request with the keys in use: tests/unit/s3_tool.c
#   ceph_user NAME [radosgw-admin options]   another user, keys NAMEaccess and NAMEsecret
#
# $CEPH_SETTINGS: more lines for its [global] section.
#
# Ceph: https at $(cat $T/ceph/tls-port) with the CA $T/ceph/ca.crt, virtual-hosted buckets below "localhost", STS.

# shellcheck source=tests/lib/process.bash
. "${BASH_SOURCE[0]%/*}/process.bash"

# The folder of the programs of tests/unit that belong to $CCR_BIN.
units_find() {
    UNITS=$CCR_BIN/../build/unit
    case $CCR_BIN in
    */build/*/bin) UNITS=${CCR_BIN%/bin}/unit ;;
    esac
    export UNITS
    [ -x "$UNITS/s3_tool" ]
}

s3_port() {
    cat "$T/$1/port"
}

s3_answers() {
    [ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1$2")" = 200 ]
}

# A process in the background; its pid goes to $T/SERVER/PART/pid, its output beside it.
s3_spawn() {
    local dir=$T/$1/$2

    shift 2
    mkdir -p "$dir"
    "$@" </dev/null >"$dir/out" 2>&1 3>&- 9>&- &
    echo $! >"$dir/pid"
    disown $!
}

s3_kill() {
    local file pid

    for file in "$T/$1"/*/pid; do
        [ -e "$file" ] || continue
        pid=$(cat "$file")
        rm -f "$file"
        if process_lies_in "$T/$1" "$pid"; then
            kill -9 "$pid" 2>/dev/null || :
        fi
    done
    rm -rf "${T:?}/$1"
}

s3_end() {
    s3_kill ceph
    s3_kill swift
}

# --- Ceph ---------------------------------------------------------------------------------------------------

ceph_config() {
    local dir=$T/ceph first

    first=$((32000 + $(od -An -N2 -tu2 /dev/urandom) % 500))
    server_find_port >"$dir/port"
    server_find_port >"$dir/tls-port"
    server_find_port >"$dir/mon-port"
    server_find_port >"$dir/mon-port1"
    cat >"$dir/ceph.conf" <<CONF
[global]
fsid = a7f64266-0894-4f1e-a635-d0aeaca0e993
mon host = [v2:127.0.0.1:$(cat "$dir/mon-port")/0,v1:127.0.0.1:$(cat "$dir/mon-port1")/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = $first
ms bind port max = $((first + 200))
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
rgw rados pool pg num min = 4
mon max pg per osd = 1000
mon allow pool size one = true
paxos propose interval = 0.05
paxos min wait = 0.02
mon tick interval = 1
mon data avail warn = 0
mon data avail crit = 0
mon cluster log to syslog = false
run dir = $dir
log file = $dir/\$name.log
admin socket =
pid file =
keyring = $dir/keyring
crash dir = $dir
debug ms = 0
${CEPH_SETTINGS:-}
[mon]
mon data = $dir/mon/data
mon cluster log file = $dir/cluster.log
mon warn on insecure global id reclaim allowed = false
[osd]
osd data = $dir/osd/data
osd objectstore = memstore
memstore device bytes = 4294967296
osd max object size = 134217728
osd memory target = 1073741824
osd class default list = *
osd class load list = *
osd op num shards = 2
osd op num threads per shard = 2
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$(cat "$dir/port") ssl_endpoint=127.0.0.1:$(cat "$dir/tls-port") ssl_certificate=$dir/tls.crt ssl_private_key=$dir/tls.key tcp_nodelay=1
rgw enable usage log = false
rgw thread pool size = 64
rgw dynamic resharding = false
rgw enable apis = s3, sts, iam
rgw sts key = abcdefghijklmnop
rgw sts min session duration = 1
rgw s3 auth use sts = true
rgw dns name = localhost
rgw override bucket index max shards = 1
rgw gc max objs = 1
rgw gc obj min wait = 1
rgw gc processor period = 2
rgw gc processor max time = 60
rgw cache enabled = true
CONF
}

ceph_certificates() {
    (
        cd "$T/ceph" || exit 1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=test-ca &&
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost &&
            openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out tls.crt \
                -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:*.localhost')
    ) >"$T/ceph/tls.out" 2>&1
}

ceph_osd_is_up() {
    timeout 20 ceph -c "$T/ceph/ceph.conf" osd stat 2>/dev/null | grep -q '1 up'
}

ceph_start_cluster() {
    local dir=$T/ceph fsid=a7f64266-0894-4f1e-a635-d0aeaca0e993 osd=1b9a0ea4-7d2d-4d3e-bf6e-1b0b6a5f3c11 key who

    cd "$dir" || return 1
    mkdir -p mon/data osd/data
    ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *' || return 1
    for who in admin rgw; do
        ceph-authtool keyring --gen-key -n client.$who --cap mon 'allow *' --cap osd 'allow *' || return 1
    done
    monmaptool --create --clobber --fsid $fsid --addv a \
        "[v2:127.0.0.1:$(cat mon-port)/0,v1:127.0.0.1:$(cat mon-port1)/0]" monmap || return 1
    ceph-mon --mkfs -i a --fsid $fsid --keyring keyring -c "$dir/ceph.conf" --monmap monmap || return 1
    s3_spawn ceph mon ceph-mon -f -i a -c "$dir/ceph.conf"
    key=$(ceph-authtool --gen-print-key)
    ceph-authtool keyring -n osd.0 --add-key "$key" || return 1
    printf '{"cephx_secret": "%s"}' "$key" >osd.json
    timeout 120 ceph -c ceph.conf --connect-timeout 100 osd new $osd -i osd.json || return 1
    ceph-osd --mkfs -i 0 -c "$dir/ceph.conf" --osd-uuid $osd || return 1
    s3_spawn ceph osd ceph-osd -f -i 0 -c "$dir/ceph.conf"
    wait_until 120 ceph_osd_is_up
}

ceph_start() {
    local attempt

    for attempt in 1 2 3; do
        mkdir -p "$T/ceph"
        ceph_config
        if ceph_certificates && (ceph_start_cluster) >"$T/ceph/start.out" 2>&1 && ceph_user test >"$T/ceph/user.out" 2>&1; then
            s3_spawn ceph rgw radosgw -f -n client.rgw -c "$T/ceph/ceph.conf"
            ! wait_until 120 s3_answers "$(s3_port ceph)" / || return 0
        fi
        echo "ceph did not start, attempt $attempt:" >&2
        tail -n 5 "$T/ceph"/{start.out,user.out,rgw/out} >&2
        s3_kill ceph
    done
    return 1
}

ceph_admin() {
    timeout 120 radosgw-admin -c "$T/ceph/ceph.conf" -n client.rgw "$@"
}

ceph_user() {
    local name=$1

    shift
    ceph_admin user create --uid="$name" --display-name="$name" --access-key="${name}access" --secret="${name}secret" "$@"
}

# --- Swift --------------------------------------------------------------------------------------------------

swift_config() {
    local dir=$T/swift name

    for name in proxy account container object memcache; do
        server_find_port >"$dir/$name-port"
    done
    cp "$dir/proxy-port" "$dir/port"
    cat >"$dir/etc/swift.conf" <<CONF
[swift-hash]
swift_hash_path_prefix = p
swift_hash_path_suffix = s
[storage-policy:0]
name = one
default = yes
CONF
    for name in account container object; do
        swift_common $name >"$dir/etc/$name-server.conf"
        cat >>"$dir/etc/$name-server.conf" <<CONF
pipeline = healthcheck $name-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:$name-server]
use = egg:swift#$name
mb_per_sync = 0
fallocate_reserve = 0
container_update_timeout = 60
conn_timeout = 30
node_timeout = 60
CONF
    done
    swift_common proxy >"$dir/etc/proxy-server.conf"
    cat >>"$dir/etc/proxy-server.conf" <<CONF
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth slo versioned_writes symlink proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$(cat "$dir/memcache-port")
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_reader = reading
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
CONF
}

swift_common() {
    cat <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $(cat "$T/swift/$1-port")
workers = 0
user = $(id -un)
swift_dir = $T/swift/etc
devices = $T/swift/srv
mount_check = false
disable_fallocate = true
log_name = swift-$1
log_level = WARNING
log_address = $T/swift/none
recon_cache_path = $T/swift/recon
[pipeline:main]
CONF
}

swift_rings() {
    /usr/bin/python3 - "$T/swift" <<'PYTHON'
import sys
from swift.common.ring import RingBuilder
d = sys.argv[1]
for name in ('account', 'container', 'object'):
    port = int(open('%s/%s-port' % (d, name)).read())
    b = RingBuilder(3, 1, 0)
    b.add_dev(dict(id=0, region=1, zone=1, ip='127.0.0.1', port=port, replication_ip='127.0.0.1', replication_port=port,
                   device='d1', weight=1.0, meta=''))
    b.rebalance(seed=1)
    b.get_ring().save('%s/etc/%s.ring.gz' % (d, name))
PYTHON
}

# Swift keeps the metadata of an object in xattrs of its file.
swift_can_run() {
    /usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.ccr", b"1")' "$T/swift" 2>/dev/null
}

swift_start() {
    local dir=$T/swift name

    mkdir -p "$dir"/{etc,srv/d1,recon}
    swift_config
    swift_rings >"$dir/rings.out" 2>&1 || { cat "$dir/rings.out" >&2; return 1; }
    for name in account container object proxy; do
        s3_spawn swift $name /usr/bin/python3 "$(command -v swift-$name-server)" "$dir/etc/$name-server.conf" -v
    done
    for name in account container object proxy; do
        if ! wait_until 120 s3_answers "$(cat "$dir/$name-port")" /healthcheck; then
            tail -n 5 "$dir/$name/out" >&2
            return 1
        fi
    done
}

# --- requests -----------------------------------------------------------------------------------------------

s3_tool() {
    "$UNITS/s3_tool" "$@" 3>&-
}

s3_keys_of() {
    case $1 in
    swift) AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing ;;
    *) AWS_ACCESS_KEY_ID=${1}access AWS_SECRET_ACCESS_KEY=${1}secret ;;
    esac
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

s3_point() {
    AWS_ENDPOINT_URL=http://127.0.0.1:$(s3_port "${1%-v2}")
    CCR_SIGNATURE=v4
    [ "${1%-v2}" = "$1" ] || CCR_SIGNATURE=v2
    export AWS_ENDPOINT_URL CCR_SIGNATURE
    case $1 in
    swift*) s3_keys_of swift ;;
    *) s3_keys_of test ;;
    esac
}

s3_use() {
    local bucket=${2:-ccr}

    s3_point "$1"
    s3_tool PUT "/$bucket" </dev/null || return 1
    STORE=s3://$bucket/store
    export STORE
}
