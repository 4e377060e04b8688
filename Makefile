# Each target installs what it needs from Debian first. Start with `make demo` or `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Recorded input and reference vectors; tests that need them skip visibly where the folder is absent.
export TEST_DATA ?= $(abspath ../shared/data)

SUITE ?= bookworm
ARCH ?= amd64
SYSROOT = $(abspath .sysroots/$(ARCH)-$(SUITE))
TRIPLE_arm64 := aarch64-none-none-elf
TOOLCHAIN := $(dir $(shell readlink -f "$$(command -v swift)"))
# Without debugging information, which costs a fifth of the build and is stripped anyway, and without frame pointers.
BUILD_AGENT := HARBORSEAL_EMBEDDED=1 swift build -c release --product harborseal-agent -debug-info-format none --omit-frame-pointers
AGENT = .build-embedded/release/harborseal-agent
AGENT_ARM64 = .build-arm64/$(TRIPLE_arm64)/release/harborseal-agent

PACKAGES := libmbedtls-dev libmosquitto-dev libinih-dev libcjson-dev libsqlite3-dev \
	mosquitto mosquitto-clients openssl curl strace gpsd gpsd-clients qemu-user-static binutils \
	python3 python3-venv python3-cbor2 procps device-tree-compiler

.PHONY: help tools demo demo-clean test test-agent test-all-but-agent readers hardware agent agent-arm64 debug size bench fuzz clean

help: ## what can be made
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

tools:
	@Firmware-Config/toolsets/install-packages.sh $(PACKAGES)

demo: debug agent ## a journey from sensor to verdict: three nodes, a broker that dies, a gateway that is killed (under 60 s)
	@Tests/Demo/demo.py

demo-clean: ## remove what the demo left in .demo
	@rm -rf .demo

test: tools ## everything: units, vectors, independent readers, real broker and nodes, arm64 under QEMU
	@Tests/run.sh

test-agent: tools ## the gateway's side alone: ordinary Swift, no package dependency, under 2 minutes
	@HARBORSEAL_ONLY=agent swift build --build-tests --scratch-path .build-agent
	@HARBORSEAL_ONLY=agent swift test --skip-build --scratch-path .build-agent --parallel

readers: tools .venv/.complete ## our messages read by pycose, cwt, scitt-cose and cbor2, and theirs by ours
	@HARBORSEAL_ONLY=agent swift build --product ConformanceVectors --scratch-path .build-agent
	@.venv/bin/python Tests/IndependentReaders/check.py .build-agent/debug/ConformanceVectors

.venv/.complete: Tests/IndependentReaders/requirements.txt
	@rm -rf .venv && python3 -m venv .venv && .venv/bin/pip install -q --disable-pip-version-check -r $< && touch $@

hardware: tools agent ## Hardware's overlays put into trees of their boards, its agent.conf fragments and links checked
	@Tests/Hardware/check.py $(AGENT)

debug: tools ## the debug build that demo, tests and CI share
	@swift build --product harborseal

agent: tools ## the gateway's agent in Embedded Swift for this machine
	@$(BUILD_AGENT) --scratch-path .build-embedded

agent-arm64: tools ## the gateway's agent for 64-bit ARM
	@Firmware-Config/toolsets/sysroot.sh arm64 $(SUITE) .sysroots/arm64-$(SUITE)
	@$(BUILD_AGENT) --scratch-path .build-arm64 \
		--triple $(TRIPLE_arm64) --toolset Firmware-Config/toolsets/arm64.json \
		-Xcc --sysroot=$(abspath .sysroots/arm64-$(SUITE)) \
		-Xswiftc -Xclang-linker -Xswiftc --sysroot=$(abspath .sysroots/arm64-$(SUITE))

size: agent agent-arm64 ## binary sizes and linked libraries against the budgets in Tests/Benchmarks/budgets
	@TOOLCHAIN=$(TOOLCHAIN) Tests/Benchmarks/size.sh x86_64 $(AGENT)
	@TOOLCHAIN=$(TOOLCHAIN) Tests/Benchmarks/size.sh arm64 $(AGENT_ARM64)

bench: PACKAGES += collectd-core
bench: agent ## the figures of README.md, with the peer in the same run: make bench ARGS="--quick --only rate"
	@swift build -c release --product harborseal --scratch-path .build-release
	@swift build -c release --product NodeBenchmark --scratch-path .build-release
	@TOOLCHAIN=$(TOOLCHAIN) Tests/Benchmarks/bench.py $(ARGS)

fuzz: tools ## run every fuzzer for a while: make fuzz SECONDS_EACH=60
	@Tests/Fuzz/run.sh $(or $(SECONDS_EACH),60)

clean: ## remove everything that was built
	@rm -rf .build .build-* .demo .venv .sysroots
