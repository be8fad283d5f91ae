#!/bin/bash
# compare.sh BOOTSTRAP [WORKLOADS=bars] [ROUNDS=3]: this broker against Apache Kafka, on one machine, in one run.
#
# Needs a running broker of ours at BOOTSTRAP on this machine. What every column means: peer/README.md.
# Starts a fresh Kafka beside it, runs each workload on both, interleaved, and stops Kafka again. Afterwards
# every bar is judged: medians of rate and of broker CPU per record, ours by Kafka's.
#
# WORKLOADS: bars | all | quick | a regular expression over the harness' names
# KAFKA_PORT (19292), TOLERANCE (1.10: what the noise of a quiet machine explains), OUR_PID (else: who listens on BOOTSTRAP)
# Give both JVMs the same JDK and the same heap (PEER_JAVA, PEER_HEAP for Kafka; a server's own scripts for ours).
set -eu
PEER_DIR=${PEER_DIR:-$(cd "$(dirname "$0")/peer" && pwd)}
[ $# -ge 1 ] || { sed -n '2,12p' "$0" >&2; exit 2; }
BOOTSTRAP=$1 WHAT=${2:-bars} ROUNDS=${3:-3} PORT=${KAFKA_PORT:-19292} TOLERANCE=${TOLERANCE:-1.10} KAFKA=kafka${KAFKA_PORT:-19292}
BARS='p12-100b-all-nobatch p500-1k-all-l5-b16 p12-1k-all-l5-b128-lz4 p12-100b-all-l5-b16 p12x3-1k-all-l5-b16 sync-all'
[ "$WHAT" = bars ] && WHAT="^(${BARS// /|})\$"

listener() { ss -Hltnp "sport = :${1##*:}" | sed -n 's/.*pid=\([0-9]*\),.*/\1/p' | head -1; }
OUR_PID=${OUR_PID:-$(listener "$BOOTSTRAP")}
[ -n "$OUR_PID" ] || { echo "nobody listens on $BOOTSTRAP" >&2; exit 1; }

. "$PEER_DIR/env.sh"
[ -d "$PEER_OUT/classes" ] || "$PEER_DIR/setup" >&2   # others may be using what is there

HERE=$(mktemp -d)
stop() { "$PEER_DIR/kafka-down" "$HERE/kafka" || true; rm -rf "$HERE"; }
trap stop EXIT
KAFKA_PID=$("$PEER_DIR/kafka-up" "$PORT" "$HERE/kafka")

"$PEER_DIR/compare" "$BOOTSTRAP" ours "$OUR_PID" "127.0.0.1:$PORT" "$KAFKA" "$KAFKA_PID" "$WHAT" "$ROUNDS"

echo
echo "Bars (at most $TOLERANCE times worse than Kafka):"
FAILED=0
# value LABEL WORKLOAD FIELD: the median
value() {
  grep "\"label\":\"$1\",\"w\":\"$2\"" "$PEER_OUT/compare-ours-$KAFKA.jsonl" | sed -n "s/.*\"$3\":\([0-9.]*\).*/\1/p" | sort -g |
    awk '{v[NR]=$1} END {if (NR) print NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'
}
judge() { # WORKLOAD FIELD ours kafka worse-is
  awk -v w="$1" -v f="$2" -v a="$3" -v b="$4" -v up="$5" -v t="$TOLERANCE" 'BEGIN {
    if (a == "" || b == "" || a+0 == 0 || b+0 == 0) { printf "  %-26s %-5s no result (ours %s, kafka %s)\n", w, f, a, b; exit 1 }
    r = up ? a/b : b/a
    printf "  %-26s %-5s ours %-10s kafka %-10s %.2f times Kafka'"'"'s %s  %s\n", w, f, a, b, a/b, f, r <= t ? "ok" : "WORSE"
    exit r > t }'
}
for w in $BARS; do
  echo "$w" | grep -qE -- "$([ "$WHAT" = all ] || [ "$WHAT" = quick ] && echo . || echo "$WHAT")" || continue
  [ "$WHAT" != quick ] || [ -n "$(value ours "$w" rate)" ] || continue
  judge "$w" rate "$(value ours "$w" rate)" "$(value "$KAFKA" "$w" rate)" '' || FAILED=1
  judge "$w" bus "$(value ours "$w" bus)" "$(value "$KAFKA" "$w" bus)" 1 || FAILED=1
done
exit $FAILED
