#!/usr/bin/env bats
# Binlogs that other servers wrote (MySQL 5.1 to 8.2, MariaDB 10.0 to 11.8), against the histograms that came with them.

load ../lib/common
load binlog

manifest() {
    corpus binlogs/MANIFEST.tsv
    manifest=$CORPUS
    folder=${CORPUS%/binlogs/MANIFEST.tsv}
}

# The manifest's histogram in our names, sorted.
histogram() {
    tr ',:' '\n ' <<<"$1" | sed -E \
        -e 's/^FDE /Format_desc /;s/^PREV_GTIDS /MySQL_previous_gtids /;s/^ANON_GTID /MySQL_anonymous_gtid /' \
        -e 's/^GTID /MySQL_gtid /;s/^TXN_PAYLOAD /MySQL_transaction_payload /' \
        -e 's/^PARTIAL_UPDATE /MySQL_partial_update_rows /' \
        -e 's/^M_GTID /Gtid /;s/^M_GTID_LIST /Gtid_list /;s/^M_CHECKPOINT /Binlog_checkpoint /' \
        -e 's/^M_ANNOTATE /Annotate_rows /;s/^(WRITE|UPDATE|DELETE)_(V1|V2) /\1_ROWS_\2 /' |
        awk '{ name = tolower($1); sub(/_rows_v2$/, "_rows", name); print name, $2 }' | sort
}

ours() {
    grep -v '^rows written' | awk '{ print tolower($1), $2 }' | sort
}

@test "every file is read whole, event by event, and has the events that its manifest names" {
    local file version events files=0

    manifest
    while IFS=$'\t' read -r file _ _ _ _ _ _ version _ events _; do
        [ "$version" != version ] || continue
        run binlog_tool walk --no-groups "$folder/$file"
        [ "$status" -eq 0 ] || { echo "$file ($version): $output" >&2; return 1; }
        diff -u <(histogram "$events") <(ours <<<"$output") || { echo "$file ($version)" >&2; return 1; }
        files=$((files + 1))
    done <"$manifest"
    [ "$files" -ge 50 ]
}

@test "MariaDB's files form groups" {
    local file version events groups

    manifest
    while IFS=$'\t' read -r file _ _ _ _ _ _ version _ events _; do
        case $version in *MariaDB*) ;; *) continue ;; esac
        groups=$(binlog_tool walk --groups "$folder/$file" | wc -l)
        [ "$groups" -eq "$(histogram "$events" | awk '$1 == "gtid" { n = $2 } END { print n + 0 }')" ] || {
            echo "$file: $groups groups, $events" >&2
            return 1
        }
    done <"$manifest"
}

@test "MySQL's files are refused at their first event that ccr does not know, by its name" {
    local file version events

    manifest
    while IFS=$'\t' read -r file _ _ _ _ _ _ version _ events _; do
        case $version in version | *MariaDB*) continue ;; esac
        run binlog_tool walk "$folder/$file"
        case $events in
        *PREV_GTIDS*) [ "$status" -eq 1 ] && [[ $output == *"MySQL_previous_gtids event (type 35)"* ]] ;;
        *QUERY*) [ "$status" -eq 1 ] && [[ $output == *"lies outside of a transaction"* ]] ;;
        *) [ "$status" -eq 0 ] ;;
        esac || { echo "$file ($version, $events): $status $output" >&2; return 1; }
    done <"$manifest"
}

@test "damaged events of every file are refused or read, never more than that" {
    local seed=${CCR_SEED:-$RANDOM} file version files=()

    manifest
    echo "seed $seed"
    while IFS=$'\t' read -r file _ _ _ _ _ _ version _; do
        [ "$version" = version ] || files+=("$folder/$file")
    done <"$manifest"
    binlog_tool torture "$seed" "${files[@]}"
}
