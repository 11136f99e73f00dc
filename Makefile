# What a person does with this repository. `make setup` is the common first part of the others and runs once.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
# Threads of a Ray that was shut down stay in the process and may end it, silently, after the next one's shutdown:
# a file whose tests are a driver themselves gets a process of its own.
DRIVERS := $(filter-out tests/faults/%,$(shell grep -rlE --include='test_*.py' '^pytestmark.*mark\.driver' tests))
# Suites with a target of their own.
ELSEWHERE := --ignore=tests/cluster --ignore=tests/api --ignore=tests/studio

.PHONY: setup run test lint bench docs test-api test-studio test-faults test-cluster clean network-tools
.DEFAULT_GOAL := setup

setup: $(STAMP)

# Debian's python3.11 comes without ensurepip; the one package that brings it is installed when it is missing.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: apt-get install python3.11, or make PYTHON=<path>"; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || ./cluster/scripts/apt_install.sh python3.11-venv
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

run: $(STAMP)
	$(BIN)/pixreunion demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two files at a time, but for those that start the whole service or measure how soon a killed part is replaced.
# A run that collected nothing fails: pytest answers 5 and `check_ran` looks at the report besides.
test: lint network-tools
	rm -rf var/junit
	$(PYTEST) -m "not driver" $(ELSEWHERE) --ignore=tests/e2e --ignore=tests/faults -n 2 --dist loadfile --junitxml=var/junit/others.xml
	$(PYTEST) -m "not driver" tests/e2e tests/faults --junitxml=var/junit/whole.xml
	for file in $(DRIVERS); do $(PYTEST) $$file --junitxml=var/junit/$$(basename $$file .py).xml || exit 1; done
	$(BIN)/python tests/architecture/check_ran.py var/junit/*.xml

# Fault tests cut the network of a process off, in a namespace of its own.
network-tools:
	@command -v ip >/dev/null || ./cluster/scripts/apt_install.sh iproute2
	@command -v curl >/dev/null || ./cluster/scripts/apt_install.sh curl

# Machines in namespaces of their own, started by `ray up` over a real sshd; a real Prometheus over what they tell.
# As root, and apart from this machine's own network, processes and /run; takes about half an hour.
test-cluster: $(STAMP) network-tools
	@command -v prometheus >/dev/null || ./cluster/scripts/apt_install.sh prometheus
	@command -v sshd >/dev/null || ./cluster/scripts/apt_install.sh openssh-server openssh-client
	@command -v rsync >/dev/null || ./cluster/scripts/apt_install.sh rsync
	unshare --net --mount --pid --fork --kill-child --mount-proc \
	  sh -c 'ip link set lo up && mount -t tmpfs run /run && exec "$$@"' apart $(PYTEST) tests/cluster --timeout 3600

# Ten thousand calls made up from the OpenAPI document.
test-api: $(STAMP)
	$(PYTEST) tests/api --timeout 3600 -o log_cli=true -o log_cli_level=INFO \
	  --log-disable=httpx --log-disable=mail.log --log-disable=pixreunion.ingress.access

# The web studio in a real browser.
test-studio: $(STAMP)
	@command -v chromium >/dev/null || ./cluster/scripts/apt_install.sh chromium
	$(PYTEST) tests/studio --timeout 600

test-faults: $(STAMP) network-tools
	$(PYTEST) tests/faults -m "not driver" --fault-seeds 50 --timeout 3600
	$(PYTEST) tests/faults/test_nodes_killed.py --fault-seeds 20 --timeout 3600

bench: $(STAMP)
	$(BIN)/python -m benchmarks.all

docs: $(STAMP)
	$(BIN)/python -m tests.policy.table
	$(PYTEST) tests/architecture

clean:
	rm -rf build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info $(STAMP)
