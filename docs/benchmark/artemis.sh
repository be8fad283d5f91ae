#!/bin/bash
# artemis.sh [ROUNDS=3] [SECONDS=8]: XA transactions and message-driven beans, Milena beside ActiveMQ Artemis in one WildFly.
#
# Builds the EARs, unpacks the stock WildFly (which brings Artemis; both from Maven's repository), starts standalone-full.xml and runs the
# application in arquillian-tests/benchmark: the same JVM, transaction manager and XA data source for both, messages of 1 KiB. In turn:
#
#   send           THREADS threads; each transaction sends one message and inserts one row
#                  "nothing" is a second XA resource that does nothing: what the transaction manager and the database cost by themselves
#   receive        a topic of 8 partitions, or a queue, is filled; a message-driven bean with 8 at a time inserts one row for each message
#   receive-batch  Milena only, to be compared with Artemis' receive: up to 100 records a transaction, one insert each in one JDBC batch
#
# Prints each run, then medians: messages a second, and the process' CPU time for each message. The application checks the rows of each run.
#
# DATABASE (h2): h2 or postgresql (Debian's, a new one for this run). THREADS (16). WARM_UP (3): rounds of half the time that are not counted.
# TX_STORE (file): Narayana's log as WildFly has it, or "journal". WILDFLY_HOME: a stock WildFly, which is copied; else Maven's.
# HEAP (-Xms1g -Xmx1g). PORT_OFFSET (17000). WORK (a new directory): the server and all data. BUILD=no: the EARs are there. MVN (mvn -o, or mvn).
# JFR=1: a recording for each broker and workload in WORK. KEEP=1: WORK is not deleted.
# The bars: twice Artemis' rate with single messages, ten times with batches. Exits with 1 when one is missed.
set -eu
ROUNDS=${1:-3} SECS=${2:-8} DATABASE=${DATABASE:-h2} THREADS=${THREADS:-16} WARM_UP=${WARM_UP:-3} TX_STORE=${TX_STORE:-file}
OFFSET=${PORT_OFFSET:-17000} HEAP=${HEAP:--Xms1g -Xmx1g} WORK=${WORK:-$(mktemp -d)}
REPO=$(cd "$(dirname "$0")/../.." && pwd)
VERSION=$(sed -n 's|.*<version.wildfly>\(.*\)</version.wildfly>|\1|p' "$REPO/pom.xml")
JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
mkdir -p "$WORK"
say() { echo "$*" >&2; }

# mvn_run ARGUMENTS: offline if all that is needed is there
mvn_run() { if [ -n "${MVN:-}" ]; then (cd "$REPO" && $MVN "$@"); else (cd "$REPO" && { mvn -o "$@" > "$WORK/maven.out" 2>&1 || mvn "$@"; }); fi; }
PROJECTS=ear,arquillian-tests/benchmark/ear
[ "${BUILD:-yes}" = no ] || { say "Building"; mvn_run -q -B -ntp -DskipTests package -pl $PROJECTS -am; }
if [ -n "${WILDFLY_HOME:-}" ]; then cp -r "$WILDFLY_HOME" "$WORK/server"; else
  mvn_run -q -B -ntp -N dependency:unpack -Dartifact="org.wildfly:wildfly-dist:$VERSION:zip" -DoutputDirectory="$WORK/unzipped"
  mv "$WORK/unzipped/wildfly-$VERSION" "$WORK/server"
fi
SERVER=$WORK/server BASE=$WORK/server/standalone
PID= PG=
cleanup() {
  [ -z "$PID" ] || { kill $PID 2>/dev/null; for _ in $(seq 100); do kill -0 $PID 2>/dev/null || break; sleep 0.2; done; kill -KILL $PID 2>/dev/null; } || true
  [ -z "$PG" ] || owner "$PG/pg_ctl" -D "$WORK/pg/data" -m immediate -w stop > /dev/null || true
  [ -n "${KEEP:-}" ] || rm -rf "$WORK"
}
trap cleanup EXIT
# PostgreSQL refuses to run as root
owner() { (cd / && if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi); }

SOURCE="add(jndi-name=java:/jdbc/benchmark,max-pool-size=64,prepared-statements-cache-size=32"
case $DATABASE in
h2) # WRITE_DELAY=0: what is committed survives a killed process, as all here does; no power cut, as H2 has no fsync for each commit
  SOURCE="$SOURCE,driver-name=h2,user-name=sa,password=sa)" URL="jdbc:h2:file:$WORK/database;WRITE_DELAY=0" DRIVER= ;;
postgresql)
  PG=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1) PG_PORT=$((5432 + OFFSET))
  mkdir -p "$WORK/pg"; [ "$(id -u)" != 0 ] || { chmod 755 "$WORK"; chown postgres "$WORK/pg"; }
  owner "$PG/initdb" -D "$WORK/pg/data" -U benchmark -A trust -E UTF8 --locale=C > "$WORK/initdb.out"
  owner "$PG/pg_ctl" -D "$WORK/pg/data" -w -l "$WORK/pg/log" \
    -o "-p $PG_PORT -c max_prepared_transactions=100 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$WORK/pg" start > /dev/null
  SOURCE="$SOURCE,driver-name=postgresql,user-name=benchmark,password=x)" URL="jdbc:postgresql://127.0.0.1:$PG_PORT/postgres"
  PGV=$(sed -n 's|.*<version.postgresql>\(.*\)</version.postgresql>|\1|p' "$REPO/pom.xml")
  mvn_run -q -B -ntp -N dependency:copy -Dartifact="org.postgresql:postgresql:$PGV" -DoutputDirectory="$WORK/driver"
  DRIVER="module add --name=org.postgresql.driver --resources=$WORK/driver/postgresql-$PGV.jar --dependencies=java.se,jakarta.transaction.api
/subsystem=datasources/jdbc-driver=postgresql:add(driver-name=postgresql,driver-module-name=org.postgresql.driver,driver-xa-datasource-class-name=org.postgresql.xa.PGXADataSource)" ;;
*) say "DATABASE is h2 or postgresql"; exit 2 ;;
esac
JOURNAL=; [ "$TX_STORE" = file ] || JOURNAL='/subsystem=transactions:write-attribute(name=use-journal-store,value=true)'

# Artemis: WildFly's settings (persistent, journal flushed at commit, in the VM), but that no queue here goes to pages and no pool is the bound.
cat > "$WORK/configure.cli" <<CLI
embed-server --server-config=standalone-full.xml --std-out=discard
$DRIVER
/subsystem=datasources/xa-data-source=benchmark:$SOURCE
/subsystem=datasources/xa-data-source=benchmark/xa-datasource-properties=URL:add(value="$URL")
/subsystem=messaging-activemq/server=default/jms-queue=sent:add(entries=["java:/jms/queue/sent"])
/subsystem=messaging-activemq/server=default/jms-queue=received:add(entries=["java:/jms/queue/received"])
/subsystem=messaging-activemq/server=default/address-setting=#:write-attribute(name=max-size-bytes,value=268435456)
/subsystem=messaging-activemq/server=default/pooled-connection-factory=activemq-ra:write-attribute(name=max-pool-size,value=64)
/subsystem=ejb3/strict-max-bean-instance-pool=mdb-strict-max-pool:undefine-attribute(name=derive-size)
/subsystem=ejb3/strict-max-bean-instance-pool=mdb-strict-max-pool:write-attribute(name=max-pool-size,value=16)
/subsystem=ejb3/strict-max-bean-instance-pool=slsb-strict-max-pool:undefine-attribute(name=derive-size)
/subsystem=ejb3/strict-max-bean-instance-pool=slsb-strict-max-pool:write-attribute(name=max-pool-size,value=64)
$JOURNAL
stop-embedded-server
CLI
chmod +x "$SERVER"/bin/*.sh
"$SERVER/bin/jboss-cli.sh" --file="$WORK/configure.cli" > "$WORK/configure.out" 2>&1 || { cat "$WORK/configure.out" >&2; exit 1; }
MILENA=$BASE/data/milena
mkdir -p "$MILENA"
printf 'listeners=PLAINTEXT://127.0.0.1:%s\nnum.partitions=8\n' $((9092 + OFFSET)) > "$MILENA/milena.properties"

( cd "$WORK" && exec "$JAVA" $HEAP -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true -Djboss.modules.system.pkgs=org.jboss.byteman \
    -Dorg.jboss.boot.log.file="$BASE/log/server.log" -Dlogging.configuration="file:$BASE/configuration/logging.properties" -Djboss.tx.node.id=benchmark \
    -Djboss.socket.binding.port-offset=$OFFSET ${JAVA_OPTS:-} -jar "$SERVER/jboss-modules.jar" -mp "$SERVER/modules" org.jboss.as.standalone \
    -Djboss.home.dir="$SERVER" -c standalone-full.xml > "$WORK/wildfly.out" 2>&1 < /dev/null ) &
PID=$!
# deploy FILE: copied under another name first, so that no half of it is deployed
deploy() {
  local name; name=$(basename "$1")
  cp "$1" "$BASE/deployments/$name.copying"; mv "$BASE/deployments/$name.copying" "$BASE/deployments/$name"
  local end=$((SECONDS + 180))
  until [ -e "$BASE/deployments/$name.deployed" ]; do
    if [ $SECONDS -gt $end ] || [ -e "$BASE/deployments/$name.failed" ] || ! kill -0 $PID 2>/dev/null; then tail -60 "$WORK/wildfly.out" >&2; exit 1; fi
    sleep 0.2
  done
}
say "Starting WildFly $VERSION in $WORK"
deploy "$REPO/ear/target/milena.ear"
deploy "$REPO/arquillian-tests/benchmark/ear/target/xa-benchmark.ear"
say "$(grep -ho 'AMQ22101[23].*' "$WORK/wildfly.out" | head -1)" # AIO or NIO

RESULTS=$WORK/results.txt; : > "$RESULTS"
# run ROUND WORKLOAD BROKER PARAMETERS
run() {
  local jcmd=${JAVA%java}jcmd
  [ -z "${JFR:-}" ] || [ "$1" = warm-up ] || "$jcmd" $PID JFR.start name=run settings=profile filename="$WORK/$2-$3-$1.jfr" > /dev/null
  local line; line=$(curl -sS --fail-with-body --max-time 400 "http://127.0.0.1:$((8080 + OFFSET))/benchmark/run?workload=$2&broker=$3&$4") \
    || { say "$2 $3: $(echo "$line" | grep -o "[A-Za-z.]*Exception: .*" | head -3)"; tail -40 "$WORK/wildfly.out" >&2; exit 1; }
  [ -z "${JFR:-}" ] || [ "$1" = warm-up ] || "$jcmd" $PID JFR.stop name=run > /dev/null
  echo "$1 $line" | tee -a "$RESULTS"
}
# messages WORKLOAD BROKER SECONDS LEAST: for so long at the rate of the last run
messages() { awk -v k="$1 $2" -v s="$3" -v least="$4" '$2 " " $3 == k { r = substr($7, 6) } END { n = int(r * s); if (n < least) n = least; if (n > 300000) n = 300000; print n }' "$RESULTS"; }
# receive ROUND WORKLOAD BROKER SECONDS LEAST
receive() { run "$1" "$2" "$3" "messages=$(messages "$2" "$3" "$4" "$5")"; }
# round NAME SECONDS FIRST SECOND: who begins changes
round() {
  for broker in $3 $4 nothing; do run "$1" send $broker "threads=$THREADS&seconds=$2"; done
  for broker in $3 $4; do receive "$1" receive $broker "$2" 2000; done
  receive "$1" receive-batch milena "$2" 20000
}
for i in $(seq "$((WARM_UP + ROUNDS))"); do
  name=$((i - WARM_UP)) secs=$SECS
  [ "$i" -gt "$WARM_UP" ] || { name=warm-up; secs=$((SECS / 2)); }
  if [ $((i % 2)) = 0 ]; then round "$name" "$secs" milena artemis; else round "$name" "$secs" artemis milena; fi
done
echo
awk -v db="$DATABASE" '$1 != "warm-up" { k = $2 " " $3; n[k]++; r[k, n[k]] = substr($7, 6); c[k, n[k]] = substr($8, 8) }
  function median(a, k,   i, j, t, v) { for (i = 1; i <= n[k]; i++) v[i] = a[k, i] + 0
    for (i = 1; i <= n[k]; i++) for (j = i + 1; j <= n[k]; j++) if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
    return n[k] % 2 ? v[(n[k] + 1) / 2] : (v[n[k] / 2] + v[n[k] / 2 + 1]) / 2 }
  function bar(w, ours, theirs, wanted,   q) { q = median(r, ours) / median(r, theirs); missed += q < wanted
    printf "| %s | %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f | %s: %s |\n", db, w, median(r, ours), median(r, theirs), q, median(c, ours), median(c, theirs),
      median(c, ours) / median(c, theirs), wanted, q < wanted ? "MISSED" : "ok" }
  END { print "| database | workload | Milena/s | Artemis/s | ratio | Milena CPU us | Artemis CPU us | ratio | wanted |"; print "|---|---|---|---|---|---|---|---|---|"
    printf "| %s | send, nothing in place of a broker | %.0f | | | %.0f | | | |\n", db, median(r, "send nothing"), median(c, "send nothing")
    bar("send", "send milena", "send artemis", 2); bar("receive", "receive milena", "receive artemis", 2)
    bar("receive-batch", "receive-batch milena", "receive artemis", 10); exit missed > 0 }' "$RESULTS"
