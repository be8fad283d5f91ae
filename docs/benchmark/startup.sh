#!/bin/bash
# startup.sh WILDFLY_ZIP_OR_HOME EAR [GB=5] [ROUNDS=3]: from nothing to the first accepted produce, ours and Apache Kafka in turn.
#
#   clean    a data directory with one topic, after a clean stop
#   crash    the same with GB of log in 12 partitions, 1 KB records, after kill -9: only with GB above 0
#
# Kafka: from the start of its process. Ours: from WildFly's "Starting deployment" (WFLYSRV0027) of the EAR on a server that has booted
# without it, the server's own boot apart. "cpu" is what the process used from there on (Kafka: altogether), JIT included: the figure to
# trust on a machine that does other things as well. The phases of our start are printed as the log tells them.
#
# BASE_PORT (26100): this one and the 20 above it are used. WORK (a new directory): the data.
# Both JVMs get PEER_HEAP and PEER_JAVA.
set -eu
PEER_DIR=${PEER_DIR:-$(cd "$(dirname "$0")/peer" && pwd)}
[ $# -ge 2 ] || { sed -n '2,14p' "$0" >&2; exit 2; }
SERVER=$1 EAR=$(realpath "$2") GB=${3:-5} ROUNDS=${4:-3} BASE=${BASE_PORT:-26100} WORK=${WORK:-$(mktemp -d)}
mkdir -p "$WORK"
. "$PEER_DIR/lib.sh"
[ -d "$PEER_OUT/classes" ] || "$PEER_DIR/setup" >&2   # others may be using what is there
KAFKA=$BASE OURS=$((BASE + 2)) HTTP=$((BASE + 3)) MANAGEMENT=$((BASE + 4))

if [ -d "$SERVER" ]; then cp -r "$SERVER" "$WORK/server"; else mkdir "$WORK/unzipped"; unzip -q "$SERVER" -d "$WORK/unzipped"; mv "$WORK"/unzipped/* "$WORK/server"; fi
STANDALONE=$WORK/server/standalone LOG=$WORK/server/standalone/log/server.log
sed -i "s/port=\"4712\"/port=\"$((BASE + 5))\"/; s/port=\"4713\"/port=\"$((BASE + 6))\"/" "$STANDALONE/configuration/standalone.xml"

now() { date +%s%3N; }
gone() { while kill -0 "$1" 2>/dev/null; do sleep 0.05; done; }
# await SECONDS COMMAND...: until the command succeeds
await() { local end=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $end ] || { echo "waited in vain for: $*" >&2; exit 1; }; sleep 0.05; done; }
logged() { grep -q "$1" "$LOG" 2>/dev/null; }

# wildfly_up: boots the server without the EAR; sets PID
wildfly_up() {
  rm -rf "$STANDALONE/log" "$STANDALONE"/deployments/milena.ear* "$STANDALONE/data/content" "$STANDALONE/tmp"
  ( cd "$WORK" && exec "$PEER_JAVA/bin/java" $PEER_HEAP -XX:+UseG1GC -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true \
      -Djboss.modules.system.pkgs=org.jboss.byteman -Dorg.jboss.boot.log.file="$LOG" -Dlogging.configuration="file:$STANDALONE/configuration/logging.properties" \
      -Djboss.tx.node.id=startup -Djboss.http.port=$HTTP -Djboss.management.http.port=$MANAGEMENT -Djboss.https.port=$((BASE + 7)) -Djboss.ajp.port=$((BASE + 8)) \
      -Djboss.management.https.port=$((BASE + 9)) -Dmilena.data.dir="$WORK/milena" -Dlisteners=PLAINTEXT://127.0.0.1:$OURS $OUR_OPTS \
      -jar "$WORK/server/jboss-modules.jar" -mp "$WORK/server/modules" org.jboss.as.standalone -Djboss.home.dir="$WORK/server" > "$WORK/wildfly.out" 2>&1 < /dev/null ) &
  PID=$!
  await 180 logged WFLYSRV0025
  sleep 2 # what a boot leaves behind: class loading and compilation of the scanner
}
# deploy_and_produce: sets T0 (WildFly's begin of the deployment, epoch ms), REPLY and C (CPU ticks)
deploy_and_produce() {
  local before; before=$(cpu $PID)
  cp "$EAR" "$WORK/server/copying.ear"; mv "$WORK/server/copying.ear" "$STANDALONE/deployments/milena.ear"
  ask ours first first 0
  C=$(($(cpu $PID) - before))
  local stamp; stamp=$(sed -n 's/^\(....-..-..\) \(..:..:..\),\(...\).*WFLYSRV0027.*/\1 \2.\3/p' "$LOG" | tail -1)
  T0=$(date -d "$stamp" +%s%3N)
}
kafka_up() { T0=$(now); PID=$(PEER_NOWAIT=1 "$PEER_DIR/kafka-up" $KAFKA "$WORK/kafka" $((KAFKA + 1)) | tail -1); ask kafka first first 0; C=$(cpu $PID); }
field() { echo "$REPLY" | sed -n "s/.*$1=\([0-9]*\).*/\1/p"; }
RESULTS=$WORK/results.txt; : > "$RESULTS"
# out LABEL CASE
out() {
  local first; first=$(field first_ms); [ -n "$first" ] || { echo "$1 $2: $REPLY" >&2; exit 1; }
  awk -v l="$1" -v w="$2" -v ms=$((first - T0)) -v c=$C -v hz=$HZ 'BEGIN { printf "%-6s %-6s first produce %6d ms  cpu %6.2f s\n", l, w, ms, c / hz }' | tee -a "$RESULTS"
  [ "$1" != ours ] || { grep -ho "[0-9]* partitions opened in.*" "$LOG" | sed 's/^/         /'; sed -n 's/^ *Started in: */         /p' "$LOG"; }
}
stop_ours() { kill $PID; gone $PID; }
crash() { kill -KILL $PID; gone $PID; }
cleanup() { kill -KILL ${PID:-} 2>/dev/null || true; clients_stop; [ -n "${KEEP:-}" ] || rm -rf "$WORK"; }
trap cleanup EXIT
OUR_OPTS=${OUR_OPTS:-}

client_start kafka 127.0.0.1:$KAFKA ""
client_start ours 127.0.0.1:$OURS ""
kafka_up; sleep 1; "$PEER_DIR/kafka-down" "$WORK/kafka"; wildfly_up; deploy_and_produce; stop_ours   # formats, and warms the clients up

for round in $(seq "$ROUNDS"); do
  kafka_up; out kafka clean; "$PEER_DIR/kafka-down" "$WORK/kafka"
  wildfly_up; deploy_and_produce; out ours clean; stop_ours
done
if [ "$GB" -gt 0 ]; then
  export PEER_TIMEOUT=900
  kafka_up; ask kafka create big 12 1; ask kafka produce big $((GB * 1048576)) 1 "$K1" acks=1 linger.ms=5 batch.size=131072; crash
  wildfly_up; deploy_and_produce; ask ours create big 12 1; ask ours produce big $((GB * 1048576)) 1 "$K1" acks=1 linger.ms=5 batch.size=131072; crash
  for round in $(seq "$ROUNDS"); do
    kafka_up; out kafka crash; sleep 2; crash
    wildfly_up; deploy_and_produce; out ours crash; sleep 2; crash
  done
fi
echo
awk '{ k = $1 " " $2; n[k]++; ms[k, n[k]] = $5; c[k, n[k]] = $8 }
  function median(a, k,   i, j, t, v) { for (i = 1; i <= n[k]; i++) v[i] = a[k, i] + 0
    for (i = 1; i <= n[k]; i++) for (j = i + 1; j <= n[k]; j++) if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
    return n[k] % 2 ? v[(n[k] + 1) / 2] : (v[n[k] / 2] + v[n[k] / 2 + 1]) / 2 }
  END { split("clean crash", cases, " "); for (i = 1; i <= 2; i++) { o = "ours " cases[i]; k = "kafka " cases[i]; if (n[o] && n[k])
    printf "%s: ours %d ms, %.1f s CPU; Kafka %d ms, %.1f s CPU; ratio %.2f, CPU %.2f\n", cases[i], median(ms, o), median(c, o), median(ms, k), median(c, k),
      median(ms, o) / median(ms, k), median(c, o) / median(c, k) } }' "$RESULTS"
