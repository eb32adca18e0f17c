# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0

SHELL := /bin/bash
ARGS ?=
SEED ?= 1
STEPS ?= 1000000
JOBS ?= $(shell nproc)
COUNT ?= 20
CHECKED := --explicit-target-dependency-import-check error
# All tests at once would starve those that talk over sockets.
PARALLEL := --experimental-maximum-parallelization-width 4
RELEASE := -c release --static-swift-stdlib $(CHECKED)
# What the client tests take; "not slow" keeps CI short.
CLIENT_TESTS ?= not slow

.PHONY: run build test unit clients lint format bench simulate mutations crashes conformance clean require

## run: build the release binary and start storage and registry (ARGS="--data /srv/drydock")
run: build
	@scripts/run.sh $(ARGS)

## build: the release binary, .build/release/drydock
build:
	@scripts/require.sh build
	swift build $(RELEASE) --product drydock

## test: everything CI runs
test: lint unit clients

## unit: the Swift suites, debug build
unit:
	@scripts/require.sh build
	swift build --build-tests $(CHECKED)
	SWIFT_DETERMINISTIC_HASHING=1 swift test --skip-build $(PARALLEL)

## clients: real, unmodified clients against the release binary
clients: build
	@scripts/require.sh clients
	.build/clients/bin/python -m pytest Tests/Clients -m "$(CLIENT_TESTS)" -rs -q

## lint: formatting
lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

## format: rewrite the sources in place
format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

## bench: the budgets table, with nginx and docker-registry in the same run
bench: build
	@scripts/require.sh clients bench
	swift build -c release --package-path Benchmarks --static-swift-stdlib
	.build/clients/bin/python Benchmarks/bench.py $(ARGS)

## simulate: the store on a simulated machine, from SEED on, until STEPS crash states are checked (docs/simulation.md)
simulate:
	@scripts/require.sh build
	swift build $(RELEASE) --product drydock-simulate
	SWIFT_DETERMINISTIC_HASHING=1 .build/release/drydock-simulate --seed $(SEED) --steps $(STEPS) --jobs $(JOBS)

## mutations: deliberate bugs, each of which the simulation must notice
mutations:
	@scripts/require.sh build
	scripts/mutation-check.sh

## crashes: kill -9 rounds, and power loss at every operation of fixed scenarios with COUNT seeds from SEED on
crashes: build
	@scripts/require.sh clients
	DRYDOCK_SIMULATION_SEED=$(SEED) DRYDOCK_SIMULATION_COUNT=$(COUNT) swift test $(CHECKED) $(PARALLEL) --filter 'Crash'
	DRYDOCK_KILL_ROUNDS=500 .build/clients/bin/python -m pytest Tests/Clients -k kill -rs -q

## conformance: the slow client runs (20 GB objects, thousands of connections)
conformance: build
	@scripts/require.sh clients
	.build/clients/bin/python -m pytest Tests/Clients -m slow -rs -q

## clean: remove what building made
clean:
	rm -rf .build Benchmarks/.build
