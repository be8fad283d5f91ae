#!/bin/bash
# group-commit.sh BOOTSTRAP [PRODUCERS=64] [SECONDS=10] [ROUNDS=3]: what group commit is worth.
#
# PRODUCERS producers with one request in flight each write to one partition; every record must be on disk before it is acknowledged
# (topic config flush.messages=1 on both brokers; Kafka besides with log.flush.interval.messages=1). Our broker runs at BOOTSTRAP;
# a fresh Kafka is started beside it by the harness in peer and stopped again. Put both brokers' data on the same disk:
# KAFKA_DATA names the directory for Kafka's.
#
# CLIENT (java): java, KafkaProducers, or socket, connections that do the least a producer can. GroupCommit.java says more.
# The bar: at least WANTED (5) times Kafka's rate. KAFKA_PORT (19292)
set -eu
PEER_DIR=${PEER_DIR:-$(cd "$(dirname "$0")/peer" && pwd)}
[ $# -ge 1 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
PORT=${KAFKA_PORT:-19292} DATA=${KAFKA_DATA:-$(mktemp -d)}
mkdir -p "$DATA"
. "$PEER_DIR/env.sh"
[ -d "$PEER_OUT/classes" ] || "$PEER_DIR/setup" >&2   # others may be using what is there
trap '"$PEER_DIR/kafka-down" "$DATA/kafka" || true; rm -rf "$DATA/kafka"' EXIT
KAFKA_EXTRA=log.flush.interval.messages=1 "$PEER_DIR/kafka-up" "$PORT" "$DATA/kafka" > "$DATA/kafka-pid"
"$PEER_CLIENT_JAVA/bin/java" -Dlog4j2.configurationFile="$PEER_DIR/log4j2-quiet.properties" -cp "$(cp_of tools-lib)" \
  "$(dirname "$0")/GroupCommit.java" "${CLIENT:-java}" "${2:-64}" "${3:-10}" "${4:-3}" "ours=$1" "kafka=127.0.0.1:$PORT" | tee "$DATA/group-commit.txt"
awk -v wanted="${WANTED:-5}" '$1 == "ratio" { found = 1; ok = $2 >= wanted; print "wanted " wanted ": " (ok ? "ok" : "MISSED") } END { exit !(found && ok) }' "$DATA/group-commit.txt"
