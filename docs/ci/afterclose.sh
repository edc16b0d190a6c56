#!/bin/sh
# What afterclose.yml does, for any other CI. A shard is a job of its own; the last one merges:
#
#   SHARD=1 SHARDS=2 sh afterclose.sh      # leaves shard-1/results.ndjson, to be handed on
#   SHARD=2 SHARDS=2 sh afterclose.sh
#   SHARDS=2 sh afterclose.sh merge        # leaves report/, to be kept
#
# Without arguments and SHARD, everything one after the other. ENGINES: which, with spaces between
# them (default: chromium firefox). BASELINE: a file of what is known and accepted. TARGETS: what is
# run (default: the essential pack). The exit status is that of the first thing that failed.
set -u

engines=${ENGINES:-chromium firefox}
shards=${SHARDS:-1}
status=0

# A failure ends nothing: the report is wanted most then.
note() {
    result=$?
    if [ "$status" -eq 0 ]; then status=$result; fi
}

run_shard() {
    set --
    for engine in $engines; do set -- "$@" --engine "$engine"; done
    if [ -n "${BASELINE:-}" ]; then set -- "$@" --baseline "$BASELINE"; fi
    # shellcheck disable=SC2086 # targets are several words
    afterclose run ${TARGETS:-} "$@" --shard "$shard/$shards" --output "shard-$shard" || note
}

merge() {
    set --
    if [ -n "${BASELINE:-}" ]; then set -- --baseline "$BASELINE"; fi
    afterclose report shard-*/results.ndjson "$@" --output report || note
}

if [ "${1:-}" = merge ]; then
    merge
elif [ -n "${SHARD:-}" ]; then
    shard=$SHARD
    run_shard
else
    shard=1
    while [ "$shard" -le "$shards" ]; do
        run_shard
        shard=$((shard + 1))
    done
    merge
fi
exit "$status"
