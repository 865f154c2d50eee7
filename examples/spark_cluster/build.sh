#!/usr/bin/env bash
# Builds a centre on a standalone Spark cluster of this machine: a master and two workers as processes on loopback.
#
#   examples/spark_cluster/build.sh CONFIG [SECONDS]
#
# CONFIG is the centre's callmart.yaml; CALLMART_DATA and CALLMART_HASH_KEY are set as for every build. With SECONDS, one of
# the two workers is killed so long after the build began, and the other one ends the work. Needs .venv-spark
# (`make .venv-spark/.ready`).
set -euo pipefail
cd "$(dirname "$0")/../.."
config=${1:?name the centre: examples/spark_cluster/build.sh path/to/callmart.yaml}
kill_after=${2:-}
bin=$PWD/.venv-spark/bin
test -x "$bin/callmart" || { echo "there is no .venv-spark: make .venv-spark/.ready"; exit 2; }

work=$(mktemp -d)
port=7077
export SPARK_HOME=$("$bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
processes=()
end() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait || true
    rm -rf "$work"
}
trap end EXIT

"$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master \
    --host 127.0.0.1 --port $port --webui-port 0 >"$work/master.log" 2>&1 &
processes+=($!)
for worker in 1 2; do
    "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 3g \
        --webui-port 0 --work-dir "$work/worker$worker" "spark://127.0.0.1:$port" >"$work/worker$worker.log" 2>&1 &
    processes+=($!)
done
for _ in $(seq 60); do
    test "$(grep -c 'Registering worker' "$work/master.log")" = 2 && break
    sleep 1
done
test "$(grep -c 'Registering worker' "$work/master.log")" = 2 || { cat "$work/master.log"; exit 1; }
echo "master and two workers are there"

if test -n "$kill_after"; then
    victim=${processes[1]}
    (sleep "$kill_after"; kill -9 "$victim" && echo "worker 1 was killed after $kill_after s") &
    processes+=($!)
fi

export CALLMART_ENGINE=spark CALLMART_SPARK_MASTER="spark://127.0.0.1:$port" CALLMART_SPARK_MEMORY=2g
"$bin/callmart" build --config "$config"
grep -c "Removing worker" "$work/master.log" | sed 's/^/workers that the master lost: /' || true
