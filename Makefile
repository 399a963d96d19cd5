# The commands of this repository. `make help` lists them; scripts/ holds what they do.

PREFIX ?= /usr/local
DESTDIR ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run build release test check docs format soak sanitize bench install deb image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing from the distribution, and the Python clients of the tests
	@scripts/setup

demo: setup ## build, then show the proxy at work against a simulated provider
	@scripts/demo

run: ## start the daemon in the foreground with your own configuration
	@scripts/build-release kmid kmictl >/dev/null
	@exec .build/release/kmid run

build: ## build everything, tests included (debug)
	@scripts/build-info swift build --build-tests

release: ## build kmid and kmictl as they are installed, and tell where they are
	@scripts/build-release kmid kmictl

test: setup ## build and run every test
	@scripts/test

check: ## the gate: format, import rules, dependencies, scripts, examples, linkage
	@scripts/check

docs: ## renew everything that is made from the code: manual pages, completions, tables, snapshots
	@scripts/generate-documentation

format: ## format the sources in place
	@scripts/format

soak: setup ## the long forms of the tests
	@KMI_SOAK=1 scripts/test
	@scripts/fuzz 600
	@scripts/soak-hostile
	@scripts/check-package --release
	@scripts/check-reproducible

sanitize: ## the tests of threads and buffers with the thread and the address sanitizer
	@scripts/sanitize

bench: ## what a request costs beside nginx, in up to 15 minutes on a quiet machine
	@scripts/setup bench
	@scripts/bench
	@scripts/check-costs --release

install: ## build for release and install below $(DESTDIR)$(PREFIX)
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/install

deb: ## build the package for Debian 12, in dist/
	@scripts/package

image: ## build the container image, with podman or docker
	@scripts/image

clean: ## remove what was built
	@rm -rf .build .venv-test .tools dist
