#!/usr/bin/env bash
# Proves against a real Metabase what the tests prove against one in memory: starts compose.yaml, sets it up, applies the
# content in both languages, and asks every question. Needs docker, curl, a release (CALLMART_DATA), and network.
# It was not run where callmart is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${CALLMART_DATA:?set it to a data root with a release}"
export CALLMART_PUBLISHED="$(realpath "$CALLMART_DATA")/published"
export METABASE_DB_PASSWORD="${METABASE_DB_PASSWORD:-$(head -c 24 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9')}"
export COMPOSE_PROJECT_NAME=callmart-smoke CALLMART_METABASE_URL="http://127.0.0.1:${METABASE_PORT:-3001}"
export CALLMART_METABASE_EMAIL="${CALLMART_METABASE_EMAIL:-admin@example.com}"
export CALLMART_METABASE_PASSWORD="${CALLMART_METABASE_PASSWORD:-$(head -c 24 /dev/urandom | base64 | tr -dc 'a-zA-Z0-9')1}"
trap 'docker compose down --volumes' EXIT
docker compose up --detach --build --wait
CALLMART_METABASE_KEY="$(.venv/bin/callmart metabase setup --lang zh)"
export CALLMART_METABASE_KEY
.venv/bin/callmart metabase plan --lang zh
.venv/bin/callmart metabase apply --lang zh
echo "-- a second run must change nothing"
.venv/bin/callmart metabase apply --lang zh | tee /dev/stderr | { ! grep -E '[1-9][0-9]* (create|update|finish|kept|failed)'; }
.venv/bin/callmart metabase apply --lang en
echo "-- a column that a hidden table lacks must be found: Metabase is made to forget one"
docker compose exec -T postgres psql --username metabase --quiet --set ON_ERROR_STOP=1 --command \
  "delete from metabase_field where id = (select max(f.id) from metabase_field as f join metabase_table as t on t.id = f.table_id where t.visibility_type = 'technical')"
.venv/bin/callmart metabase apply --lang en | tee /dev/stderr | { ! grep -E '[1-9][0-9]* (kept|failed)'; }
echo "-- every question must give an answer, on its dashboards with each filter set, too"
.venv/bin/python -m metabase.ask
