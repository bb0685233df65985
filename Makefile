# Frontdesk. `make` alone lists what can be done.
#
# Every target builds with the same flags: another flag is another cold build of
# everything, minutes on a small machine.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)

# Tools are pinned here, not in go.mod: they share no dependency with the product.
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Real PostgreSQL and Redis servers of the tests' own, up for one command.
SERVERS := scripts/test-servers.sh run --

# What to hand over: make demo ARGS='--profile scaled', make test PKG=./store/...
ARGS :=
PKG := ./...
BENCH := .
FUZZTIME := 10s

.DEFAULT_GOAL := help
.PHONY: help demo tour build test e2e bench fuzz golden lint fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: build ## try it: a Slack workspace, an Okta tenant and Frontdesk in this terminal (ARGS=…)
	@bin/frontdesk demo $(ARGS)

tour: build ## play all eleven actions and print the transcript (ARGS=…)
	@bin/frontdesk demo --tour $(ARGS)

build: ## build bin/frontdesk
	go build -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/frontdesk .

test: build ## run all tests under the race detector, on SQLite and on real PostgreSQL and Redis (PKG=…)
	FRONTDESK_BIN='$(CURDIR)/bin/frontdesk' $(SERVERS) go test -race -timeout 25m $(PKG)

e2e: build ## prove both simulators with Slack's and Okta's own Node clients
	cd e2e && npm ci && FRONTDESK_BIN='$(CURDIR)/bin/frontdesk' npm test

bench: ## measure: acknowledgement and command-to-told times among others (BENCH=…, PKG=…)
	$(SERVERS) go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m $(PKG)

fuzz: ## fuzz every target for a while (FUZZTIME=10s)
	@grep -rHo --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]*' . | \
	while IFS=: read -r file func; do \
		echo "$${func#func } in $${file%/*}"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) "$${file%/*}" </dev/null || exit 1; \
	done

golden: ## rewrite the golden files from what the code says now; read the diff
	go test $$(grep -rl --include='*_test.go' --exclude-dir=node_modules 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

lint: ## check the code: linters, formatting, imports between folders, go.mod
	$(GOLANGCI) run
	go vet ./...
	go mod tidy -diff

fmt: ## format the code
	$(GOLANGCI) fmt

clean: ## remove what was built and downloaded
	rm -rf bin e2e/node_modules
