# reliableq: make help lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

RELIABLEQ := bin/reliableq
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ARGS      ?=

# Pinned, and run from the module cache: there is nothing to install.
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
ERRCHECK    := go run github.com/kisielk/errcheck@v1.20.0
INEFFASSIGN := go run github.com/gordonklaus/ineffassign@v0.2.0

# At most four in parallel: each provider takes 600 MB.
INTERRUPTS := go test ./deploy/reliableq -count=1 -parallel 4 -run 'TestInterruptedRuns|TestDownRemovesWhatAnInterrupted'

GO_SOURCES := $(shell git ls-files '*.go' 2>/dev/null) go.mod go.sum

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(RELIABLEQ) ## deploy to the embedded AWS, produce orders, and check what happened to each; skip waiting times
	$(RELIABLEQ) demo --fast $(ARGS)

.PHONY: demo-real
demo-real: $(RELIABLEQ) ## the same in real time: about five minutes (restarts an embedded AWS that skips time)
	$(RELIABLEQ) local stop
	$(RELIABLEQ) demo $(ARGS)

.PHONY: deploy
deploy: $(RELIABLEQ) ## build the functions and deploy them (ARGS="--target aws" for AWS; the embedded AWS otherwise)
	$(RELIABLEQ) up $(ARGS)

.PHONY: destroy
destroy: $(RELIABLEQ) ## remove what deploy created (asks first unless it is in the embedded AWS)
	$(RELIABLEQ) down $(ARGS)

.PHONY: build
build: $(RELIABLEQ) ## build bin/reliableq and dist/{producer,consumer,retry}.zip
	$(RELIABLEQ) build

$(RELIABLEQ): $(GO_SOURCES)
	@test -e $@ || echo "compiling the command: one to three minutes the first time, seconds after that"
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./deploy/reliableq

.PHONY: test
test: unit terraform-test e2e ## run every test: Go, Terraform modules, and end to end with Terratest

.PHONY: unit
unit: ## run the Go tests
	go test ./...

.PHONY: race
race: ## run the Go tests of concurrent packages with the race detector (needs a C compiler)
	@if [ "$$(go env CGO_ENABLED)" = 1 ]; then $(MAKE) race-tests; else echo "skipped: the race detector needs cgo and a C compiler"; fi

.PHONY: race-tests
race-tests:
	go test -race ./localaws/... ./sqsbatch/...
	go test -race -short ./deploy/...

.PHONY: terraform-test
terraform-test: $(RELIABLEQ) ## run terraform fmt, validate and test on the root and each module
	$(RELIABLEQ) terraform check

.PHONY: e2e
e2e: build ## deploy with Terratest and test the promises (RELIABLEQ_TEST_TARGET=aws for AWS, RELIABLEQ_TOOL=tofu for OpenTofu)
	$(MAKE) -j2 e2e-flow e2e-interrupts # both wait most of the time

.PHONY: e2e-flow
e2e-flow:
	cd test && go test -count=1 -timeout 30m ./...

.PHONY: e2e-interrupts
e2e-interrupts:
	RELIABLEQ_INTERRUPTS=few $(INTERRUPTS) -timeout 20m

.PHONY: interrupts
interrupts: build ## interrupt apply, update and destroy in every way at many moments, and repeat them (up, down and plain Terraform; two hours)
	RELIABLEQ_INTERRUPTS=all $(INTERRUPTS) -timeout 5h -v

.PHONY: e2e-tofu
e2e-tofu: ## run the end-to-end tests with OpenTofu; builds it first unless it is cached (15 minutes)
	RELIABLEQ_TOOL=$$(.ci/tofu) $(MAKE) e2e

.PHONY: check
check: fmt vet cross lint ## formatting, vet, other systems and lint

.PHONY: fmt
fmt: ## fail when a Go file is not formatted, or its imports are not grouped (standard library, others, this module)
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted, run gofmt -w:"; echo "$$out"; exit 1; }
	@go run ./internal/style -check

.PHONY: vet
vet: ## go vet both modules
	go vet ./...
	cd test && go vet ./...

.PHONY: cross
cross: ## go vet for the other systems: macOS and Windows
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go vet ./...
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go vet ./...

.PHONY: lint
lint: ## staticcheck, errcheck, ineffassign
	$(STATICCHECK) ./...
	$(ERRCHECK) -ignoretests -exclude .errcheck ./...
	$(INEFFASSIGN) ./...

.PHONY: style
style: ## print figures about the layout of the Go code beside those of other code bases (ARGS=./localaws/... adds a line for each package)
	@go run ./internal/style $(ARGS)

.PHONY: bench
bench: $(RELIABLEQ) ## measure the embedded AWS and sqsbatch, each figure beside its lower bound (ARGS=-quick for rough figures)
	go run ./internal/bench -server $(RELIABLEQ) $(ARGS)
	go test -run '^$$' -bench OverAPlainLoop ./sqsbatch
	go test -run '^$$' -bench . ./internal/simulate

.PHONY: simulate
simulate: $(RELIABLEQ) ## simulate the flow 3,000 times from seeds, with faults, and check that nothing is lost
	$(RELIABLEQ) simulate --runs 3000 --messages 15 $(ARGS)

.PHONY: simulate-nightly
simulate-nightly: $(RELIABLEQ) ## the same 100,000 times, from seeds derived from the date
	$(RELIABLEQ) simulate --runs 100000 --messages 20 --seed $$(date +%Y%m%d)00000 $(ARGS)

.PHONY: soak
soak: $(RELIABLEQ) ## ten minutes of mixed load beside misbehaving functions: memory, descriptors and processes must not grow (Linux)
	go run ./internal/soak -server $(RELIABLEQ) $(ARGS)

.PHONY: soak-short
soak-short: $(RELIABLEQ) ## the same in less than a minute
	go run ./internal/soak -server $(RELIABLEQ) -for 45s -every 3s $(ARGS)

.PHONY: policy-nightly
policy-nightly: ## decide 1,000,000 random requests with the policies and with a second evaluator, from a seed derived from the date
	RELIABLEQ_POLICY_CASES=1000000 RELIABLEQ_POLICY_ROLES=10000 RELIABLEQ_POLICY_SEED=$$(date +%Y%m%d) \
		go test -count=1 -timeout 60m -run 'PublishedLogic' -v ./localaws/internal/policycheck $(ARGS)

.PHONY: experiment
experiment: $(RELIABLEQ) ## run the standard experiments, such as "is our batch size too big?", and write docs/experiment
	$(RELIABLEQ) experiment --standard --out docs/experiment $(ARGS)

.PHONY: clean
clean: ## remove build results (deployments and their state stay: use make destroy)
	rm -rf bin dist
