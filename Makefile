# Each target sets up what it needs; on a fresh machine Python >= 3.11 and make are enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SPARK_BIN := .venv-spark/bin
SPARK_READY := .venv-spark/.ready
DEMO := demo
METABASE_CLI := .venv/metabase-cli
METABASE_CLI_VERSION := 0.3.1
# Published, for made-up data only; the same as orchestration/config/key.py DEMO_HASH_KEY.
DEMO_KEY := callmart-demo-key-published-and-therefore-not-secret
# The APIs of the simulated centre answer while a command runs.
SERVED := $(BIN)/python -m simulator.serve $(DEMO)/source --
export DBT_SEND_ANONYMOUS_USAGE_STATS = false
export DO_NOT_TRACK = 1

.PHONY: demo test ui check unit test-bank test-servers test-demo test-metabase test-long test-spark bench lock clean

# A simulated centre, from the files, databases and APIs of its systems to the released KPIs. The key is published: never
# use it for real data.
demo: export CALLMART_DATA = $(CURDIR)/$(DEMO)/data
demo: export CALLMART_HASH_KEY = $(DEMO_KEY)
demo: $(READY)
	@$(BIN)/callmart simulate --out $(DEMO)/source --days 35 --agents 20 --seed 1
	@$(SERVED) $(BIN)/callmart build --config $(DEMO)/source/callmart.yaml --board

# Every check and test.
test: check unit

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint dbt_project/models --processes 2 --disable-progress-bar

# In the order of the folders: the modules that take minutes, few tests each, must not come last.
unit: $(READY)
	$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder --ignore tests/servers --ignore tests/demo --ignore tests/long --ignore tests/spark \
		--ignore tests/metabase/test_schemas.py

# The real call log of examples/anonymous_bank, which is not part of the project: make test-bank CALLS=calls.txt
test-bank: $(READY)
	@test -f "$(CALLS)" || { echo "name the call log: make test-bank CALLS=path/to/calls.txt (see examples/anonymous_bank/README.md)"; exit 2; }
	ANONYMOUS_BANK_CALLS="$(abspath $(CALLS))" $(BIN)/pytest tests/examples/anonymous_bank_log.py

# Databases as sources, against PostgreSQL and MariaDB servers that the tests start; they must be installed.
test-servers: $(READY)
	$(BIN)/pytest tests/servers

# The demo centre, and what docs/sql_guide.md says of it.
test-demo: demo
	$(BIN)/pytest tests/demo

# What is written to Metabase, against the schemas that Metabase's own command line prints. It is under the AGPL: used
# here, never part of the project. Needs npm and Node 20.6 or newer.
test-metabase: $(READY)
	npm install --prefix $(METABASE_CLI) --no-audit --no-fund --silent @metabase/cli@$(METABASE_CLI_VERSION)
	METABASE_CLI="$(abspath $(METABASE_CLI))" $(BIN)/pytest tests/metabase/test_schemas.py

# The same project on Spark: every model, seed and test, and every mart beside DuckDB's. Has an environment of its own.
test-spark: $(SPARK_READY)
	$(SPARK_BIN)/pytest tests/spark

# Months of builds beside one build of all files, the worked cases in the warehouse, and a year of purchases: hours.
test-long: $(READY)
	$(BIN)/pytest -s tests/long

# The Dagster UI on http://localhost:3000 with its schedule and sensors, on the demo centre unless CALLMART_CONFIG names another.
ui: export CALLMART_DATA ?= $(CURDIR)/$(DEMO)/data
ui: export CALLMART_HASH_KEY ?= $(DEMO_KEY)
ui: $(READY)
	@test -n "$$CALLMART_CONFIG" || test -f $(DEMO)/source/callmart.yaml || $(BIN)/callmart simulate --out $(DEMO)/source --days 35 --agents 20 --seed 1
	@if test -n "$$CALLMART_CONFIG"; then $(BIN)/callmart ui --config "$$CALLMART_CONFIG"; \
		else $(SERVED) $(BIN)/callmart ui --config $(DEMO)/source/callmart.yaml; fi

# What callmart costs, beside plain DuckDB: prints a table and writes benchmarks/RESULTS.md. Close to an hour at the
# usual size; `make bench CALLS=200000 REPEATS=1` and `make bench ONLY=empty_day,queries` take less.
bench: $(READY)
	@$(BIN)/python -m benchmarks $(if $(CALLS),--calls $(CALLS)) $(if $(REPEATS),--repeats $(REPEATS)) \
		$(if $(HEAVY_REPEATS),--heavy-repeats $(HEAVY_REPEATS)) $(if $(ONLY),--only $(ONLY))

# Pins what requirements.in asks for. Needs uv; package hosts are not written into the lock.
lock:
	uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --upgrade -o requirements.lock requirements.in
	uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --constraint requirements.lock -o requirements-spark.lock requirements-spark.in

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "callmart needs Python 3.11, 3.12 or 3.13; set PYTHON=python3.11")'
	@echo "setting up .venv (once, one or two minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# Spark itself looks for Java when it starts, and says less clearly what it wants.
$(SPARK_READY): requirements-spark.lock pyproject.toml
	@java -version 2>&1 | grep -Eq 'version "(17|21)' || { echo "Spark needs Java 17 or 21: install openjdk-17-jre-headless, or set PATH to where it is"; exit 2; }
	@echo "setting up .venv-spark (once, two or three minutes)"
	@$(PYTHON) -m venv .venv-spark
	@$(SPARK_BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@$(SPARK_BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(SPARK_READY)

clean:
	rm -rf .venv .venv-spark $(DEMO) bench data dbt_project/target
