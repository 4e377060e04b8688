# Each target installs what it needs from Debian first. Start with `make demo` or `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Recorded input and reference vectors; tests that need them skip visibly where the folder is absent.
export TEST_DATA ?= $(abspath ../shared/data)

# The agent is built for this machine unless ARCH and SUITE say otherwise: make agent ARCH=armhf SUITE=trixie
HOST_ARCH := $(shell dpkg --print-architecture)
HOST_SUITE := $(shell . /etc/os-release && echo $$VERSION_CODENAME)
ARCH ?= $(HOST_ARCH)
SUITE ?= $(if $(filter bookworm trixie,$(HOST_SUITE)),$(HOST_SUITE),bookworm)
TOOLCHAIN := $(dir $(shell readlink -f "$$(command -v swift)"))
# What make test, make size and CI build: both ARM architectures with both pairs of mbedTLS and libmosquitto.
PAIRS := amd64-bookworm arm64-bookworm arm64-trixie armhf-bookworm armhf-trixie
ALL_PAIRS := $(foreach arch,amd64 arm64 armhf,$(arch)-bookworm $(arch)-trixie) riscv64-trixie
# Where a pair's build lies. This machine's own needs no sysroot.
scratch = $(if $(filter $(HOST_ARCH)-$(HOST_SUITE),$(1)),.build-embedded,.build-$(1))
agent_of = $(call scratch,$(1))/release/harborseal-agent
sysroot_of = $(if $(filter $(HOST_ARCH)-$(HOST_SUITE),$(1)),,.sysroots/$(1))
# The compiler keeps one processor busy with the agent for most of its build: two pairs at a time halve the time.
two_at_a_time = $(MAKE) --no-print-directory -j 2
# $(call build,PROGRAM,PAIR)
build = Firmware-Config/toolsets/build-embedded.sh $(1) $(subst -, ,$(2)) $(call scratch,$(2)) $(call sysroot_of,$(2))

PACKAGES := libmbedtls-dev libmosquitto-dev libinih-dev libcjson-dev libmodbus-dev libsqlite3-dev libqrencode-dev \
	mosquitto mosquitto-clients openssl curl strace gpsd gpsd-clients qemu-user-static binutils \
	python3 python3-venv python3-cbor2 procps device-tree-compiler systemd shellcheck proot lintian zbar-tools librsvg2-bin \
	softhsm2 opensc swtpm libtpm2-pkcs11-1 libtss2-tcti-swtpm0

.PHONY: help tools demo demo-clean test test-agent readers hardware readme agent agents modbus matrix debug deb reproducible sbom packages size bench fuzz clean

help: ## what can be made
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

tools:
	@Firmware-Config/toolsets/install-packages.sh $(PACKAGES)

demo: debug agent ## a journey from sensor to verdict: three nodes, a broker that dies, a gateway that is killed (under 60 s)
	@Tests/Demo/demo.py

demo-clean: ## remove what the demo left in .demo
	@rm -rf .demo

test: tools ## everything: units, vectors, independent readers, real broker and nodes, packages, arm64 and armhf under QEMU
	@Tests/run.sh

test-agent: tools ## the gateway's side alone: ordinary Swift, no package dependency, under 2 minutes once built
	@HARBORSEAL_ONLY=agent swift build --build-tests --scratch-path .build-agent
	@HARBORSEAL_ONLY=agent swift test --skip-build --scratch-path .build-agent --parallel

readers: tools .venv/.complete ## our messages read by pycose, cwt, scitt-cose and cbor2, and theirs by ours
	@HARBORSEAL_ONLY=agent swift build --product ConformanceVectors --scratch-path .build-agent
	@.venv/bin/python Tests/IndependentReaders/check.py .build-agent/debug/ConformanceVectors

.venv/.complete: Tests/IndependentReaders/requirements.txt
	@rm -rf .venv && python3 -m venv .venv && .venv/bin/pip install -q --disable-pip-version-check -r $< && touch $@

hardware: tools agent ## Hardware's overlays put into trees of their boards, its agent.conf fragments and links checked
	@Tests/Hardware/check.py $(call agent_of,$(HOST_ARCH)-$(HOST_SUITE))

readme: debug agent ## README.md's page "Register a device", every command run as it stands: registry, brokers, nodes and a gateway under PRoot
	@Tests/Readme/check.py

debug: tools ## the debug build that demo, tests and CI share
	@HARBORSEAL_ONLY=alliance swift build --product harborseal

agent: tools ## the gateway's agent in Embedded Swift for this machine, or for ARCH=amd64|arm64|armhf|riscv64 SUITE=bookworm|trixie
	@$(call build,harborseal-agent,$(ARCH)-$(SUITE))

modbus: tools ## harborseal-modbus in Embedded Swift, as agent
	@$(call build,harborseal-modbus,$(ARCH)-$(SUITE))

agents: tools ## the agent for three architectures on bookworm, and for arm64 and armhf on trixie
	@$(two_at_a_time) $(PAIRS:%=agent-%)

matrix: debug ## the agent for every architecture and release, each tried with a broker under QEMU
	@$(two_at_a_time) $(ALL_PAIRS:%=agent-%)
	@HARBORSEAL_ONLY=integration swift build --build-tests --scratch-path .build-integration
	@HARBORSEAL_ONLY=integration swift test --skip-build --scratch-path .build-integration --no-parallel --filter '^IntegrationTests\.CrossTests'

agent-%:
	@$(call build,harborseal-agent,$*)
# Behind the agent, since both lie in one scratch folder.
modbus-%: agent-%
	@$(call build,harborseal-modbus,$*)

size: agents ## binary sizes and linked libraries against the budgets in Tests/Benchmarks/budgets
	@$(foreach pair,$(PAIRS),TOOLCHAIN=$(TOOLCHAIN) Tests/Benchmarks/size.sh $(pair) $(call agent_of,$(pair)) &&) true

# Two packages an architecture, for one release: make deb SUITE=trixie
deb: tools ## Debian packages of agent and Modbus reader in .build-packages; the same program and commit are packed to the same bytes
	@$(two_at_a_time) $(foreach arch,amd64 arm64 armhf,deb-$(arch)-$(SUITE))

deb-%: modbus-%
	@Firmware-Config/toolsets/sysroot.sh $(subst -, ,$*) .sysroots/$*
	@for program in harborseal-agent harborseal-modbus; do \
		Firmware-Config/debian/build.sh $$program $(subst -, ,$*) $(call scratch,$*)/release/$$program .sysroots/$* .build-packages; done

reproducible: agent ## builds the commit again in an empty folder of another name, and compares the stripped programs
	@TOOLCHAIN=$(TOOLCHAIN) Tests/Packages/reproducible.sh $(ARCH) $(SUITE) $(call agent_of,$(ARCH)-$(SUITE))

sbom: deb ## what the packages are made of and until when that gets fixes: CycloneDX JSON beside the packages
	@Firmware-Config/sbom/extract.sh .build-packages

packages: deb .venv/.complete ## install, upgrade, remove and purge the packages in empty roots, arm64 and armhf under QEMU
	@.venv/bin/python Tests/Packages/check.py $(SUITE)

bench: PACKAGES += collectd-core valgrind e2fsprogs
bench: agent .venv/.complete ## the figures of README.md, with the peer in the same run: make bench ARGS="--quick --only rate"
	@swift build -c release --product harborseal --scratch-path .build-release
	@swift build -c release --product NodeBenchmark --scratch-path .build-release
	@TOOLCHAIN=$(TOOLCHAIN) Tests/Benchmarks/bench.py $(ARGS)

fuzz: tools ## run every fuzzer for a while: make fuzz SECONDS_EACH=60
	@Tests/Fuzz/run.sh $(or $(SECONDS_EACH),60)

clean: ## remove everything that was built
	@rm -rf .build .build-* .demo .venv .sysroots
