// swift-tools-version: 6.2
import PackageDescription

// HARBORSEAL_EMBEDDED=1   the gateway agent alone, in Embedded Swift (release builds, cross builds).
// HARBORSEAL_ONLY=agent   the agent's side with its tests, in ordinary Swift, without any package dependency.
// HARBORSEAL_ONLY=alliance   everything but the tests of the agent's side, which `make test` has run already.
// HARBORSEAL_ONLY=integration   only the tests of the built programs and what these need: quick to compile, no dependency.
// none of them            everything.
let embedded = Context.environment["HARBORSEAL_EMBEDDED"] == "1"
let integrationOnly = Context.environment["HARBORSEAL_ONLY"] == "integration"
let allianceOnly = Context.environment["HARBORSEAL_ONLY"] == "alliance"
let agentOnly = embedded || integrationOnly || Context.environment["HARBORSEAL_ONLY"] == "agent"
let warningsAreErrors = Context.environment["CI"] == "1" || Context.environment["CI"] == "true"

let houseSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

// What makes the agent small without giving up a check.
let sizeFlags = [
    "-Osize",
    // A section a function, so that the linker drops the copies of generic code that each object file carries.
    "-Xfrontend", "-function-sections",
    // No hash of what went into LLVM in each object: 5 KiB of the program, and they differ with the folder that it is built in.
    "-Xfrontend", "-disable-incremental-llvm-codegen",
    // Retain and release are calls, not fifteen instructions each; closures are passed, not a function cloned for each of them.
    "-Xllvm", "-inline-threshold=0", "-Xllvm", "-sil-disable-pass=closure-specialize", "-Xllvm", "-sil-disable-pass=capture-prop",
]

// Common sequences of instructions become functions, those of generic code too. Not on 32-bit ARM, where functions so made return to
// the wrong place: they call others without saving the link register (tried with Swift 6.3.1: the self-test crashes). After a change of
// -Xllvm options build in an empty folder: the compiler keeps an object as long as what goes into LLVM is the same.
let outliningFlags =
    Context.environment["HARBORSEAL_ARCH"] == "armhf"
    ? [] : ["-Xllvm", "-enable-machine-outliner=always", "-Xllvm", "-enable-linkonceodr-outlining", "-Xllvm", "-machine-outliner-reruns=2"]

let agentSettings: [SwiftSetting] =
    houseSettings + [.treatWarning("EmbeddedRestrictions", as: .error)]
    + (embedded ? [.enableExperimentalFeature("Embedded"), .unsafeFlags(sizeFlags + outliningFlags)] : [])

// Unused and equal functions go; relocations take bits instead of 24 bytes each (glibc 2.36 and later).
let linkFlags = ["-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]

// Sizes and times of 64 bits also on 32-bit ARM, whose C library means 2 GiB and the year 2038 without these; no difference elsewhere.
let wideTypes: [CSetting] = [.define("_FILE_OFFSET_BITS", to: "64"), .define("_TIME_BITS", to: "64")]

// As small as the agent's Swift, and like it without tables for unwinding, which nothing here does; hashes and signatures are the libraries' own.
let smallCFlags = ["-Oz", "-ffunction-sections", "-fdata-sections", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"]
let smallC: [CSetting] = wideTypes + (embedded ? [.unsafeFlags(smallCFlags)] : [])

/// A door to one C library: a C target whose public header shows opaque types only.
func shims(_ name: String, linking libraries: [String] = []) -> Target {
    .target(name: name, cSettings: smallC, linkerSettings: libraries.map { .linkedLibrary($0) })
}

/// A target that the gateway's agent reaches: compiles in Embedded Swift and depends on nothing outside this package.
func agentTarget(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: agentSettings)
}

/// A target of the alliance's side: ordinary Swift.
func serverTarget(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: houseSettings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "HarborsealTesting"] + dependencies,
        swiftSettings: houseSettings)
}

var products: [Product] = [
    .executable(name: "harborseal-agent", targets: ["harborseal-agent"]),
    .executable(name: "harborseal-modbus", targets: ["harborseal-modbus"]),
    .library(name: "MerkleTree", targets: ["MerkleTree"]),
    .library(name: "AttestationFormat", targets: ["AttestationFormat"]),
    .library(name: "LogisticsEvents", targets: ["LogisticsEvents"]),
]

var targets: [Target] = [
    shims("CPosixShims"),
    shims("CMbedTLSShims", linking: ["mbedtls", "mbedx509", "mbedcrypto"]),
    shims("CMosquittoShims", linking: ["mosquitto"]),
    shims("CIniShims", linking: ["inih"]),
    shims("CTokenShims"),
    agentTarget("MerkleTree"),
    agentTarget("AttestationFormat", ["MerkleTree"]),
    agentTarget("LogisticsEvents", ["AttestationFormat"]),
    agentTarget("SmallFiles", ["CPosixShims", "AttestationFormat"]),
    agentTarget("DeviceCrypto", ["CMbedTLSShims", "CPosixShims", "SmallFiles", "MerkleTree", "AttestationFormat"]),
    agentTarget("SealToken", ["CTokenShims", "CPosixShims", "DeviceCrypto", "SmallFiles", "MerkleTree", "AttestationFormat"]),
    agentTarget(
        "DeviceEnrolment",
        ["DeviceCrypto", "SealToken", "ConfigurationFile", "CPosixShims", "SmallFiles", "MerkleTree", "AttestationFormat"]),
    agentTarget("EventJournal", ["CPosixShims", "MerkleTree", "AttestationFormat"]),
    agentTarget("MQTTLink", ["CMosquittoShims", "CPosixShims", "SmallFiles"]),
    agentTarget("SensorSources", ["CPosixShims", "MQTTLink", "AttestationFormat", "LogisticsEvents"]),
    agentTarget("GatewayAgent", ["MerkleTree", "AttestationFormat", "LogisticsEvents"]),
    agentTarget("ConfigurationFile", ["CIniShims", "CPosixShims", "SmallFiles", "AttestationFormat"]),
    agentTarget("AgentConfiguration", ["ConfigurationFile", "SealToken", "AttestationFormat", "LogisticsEvents"]),
    agentTarget(
        "AgentRuntime",
        [
            "AgentConfiguration", "ConfigurationFile", "SmallFiles", "GatewayAgent", "DeviceCrypto", "DeviceEnrolment", "SealToken",
            "EventJournal", "MQTTLink", "SensorSources", "MerkleTree", "AttestationFormat", "LogisticsEvents", "CPosixShims",
        ]),
    .executableTarget(
        name: "harborseal-agent", dependencies: ["AgentRuntime", "CPosixShims"], swiftSettings: agentSettings,
        linkerSettings: embedded ? [.unsafeFlags(linkFlags)] : []),
    // Modbus beside the agent: a program of its own that writes intake lines, so that the agent does not grow.
    shims("CModbusShims", linking: ["modbus"]),
    agentTarget(
        "ModbusIntake", ["CModbusShims", "CPosixShims", "ConfigurationFile", "SmallFiles", "AttestationFormat", "LogisticsEvents"]),
    .executableTarget(
        name: "harborseal-modbus", dependencies: ["ModbusIntake", "CPosixShims"], swiftSettings: agentSettings,
        linkerSettings: embedded ? [.unsafeFlags(linkFlags)] : []),
]

if !embedded {
    targets += [
        .target(
            name: "HarborsealTesting",
            dependencies: ["MerkleTree", "AttestationFormat", "EventJournal", "DeviceCrypto", "CPosixShims"],
            swiftSettings: houseSettings),
    ]
}

if !embedded && !integrationOnly && !allianceOnly {
    targets += [
        // Exchanges messages with Tests/IndependentReaders; not shipped.
        .executableTarget(
            name: "ConformanceVectors", dependencies: ["MerkleTree", "AttestationFormat", "DeviceCrypto"],
            path: "Tests/ConformanceVectors", swiftSettings: houseSettings),
        tests(of: "MerkleTree", ["DeviceCrypto"]),
        tests(of: "AttestationFormat", ["MerkleTree", "DeviceCrypto"]),
        tests(of: "LogisticsEvents", ["AttestationFormat"]),
        tests(of: "SmallFiles", ["AttestationFormat"]),
        tests(of: "DeviceCrypto", ["SmallFiles", "MerkleTree", "AttestationFormat"]),
        tests(of: "DeviceEnrolment", ["DeviceCrypto", "SealToken", "SmallFiles", "MerkleTree", "AttestationFormat"]),
        tests(of: "SealToken", ["harborseal-agent", "CTokenShims", "DeviceEnrolment", "DeviceCrypto", "SmallFiles", "MerkleTree", "AttestationFormat", "CPosixShims"]),
        tests(of: "EventJournal", ["MerkleTree", "AttestationFormat", "DeviceCrypto"]),
        tests(of: "MQTTLink", ["CPosixShims", "CMosquittoShims", "MerkleTree", "AttestationFormat", "DeviceCrypto"]),
        // cJSON is the second opinion of the intake reader's tests; the agent does not link it.
        shims("CJSONShims", linking: ["cjson"]),
        tests(of: "SensorSources", ["MQTTLink", "AttestationFormat", "LogisticsEvents", "CJSONShims", "CPosixShims"]),
        // A real Modbus device for the tests of harborseal-modbus.
        .executableTarget(name: "ModbusServer", path: "Tests/ModbusServer", linkerSettings: [.linkedLibrary("modbus")]),
        tests(
            of: "ModbusIntake",
            [
                "harborseal-modbus", "ModbusServer", "ConfigurationFile", "SmallFiles", "SensorSources", "AttestationFormat", "LogisticsEvents",
                "CPosixShims",
            ]),
        tests(of: "GatewayAgent", ["MerkleTree", "AttestationFormat", "LogisticsEvents", "DeviceCrypto", "EventJournal"]),
        tests(of: "AgentRuntime", ["AttestationFormat", "LogisticsEvents", "SensorSources", "GatewayAgent"]),
        tests(of: "ConfigurationFile", ["SmallFiles", "AttestationFormat"]),
        tests(of: "AgentConfiguration", ["ConfigurationFile", "SealToken", "SmallFiles", "AttestationFormat", "LogisticsEvents"]),
    ]
}

var dependencies: [Package.Dependency] = []
if !agentOnly {
    dependencies = [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ]
    products += [.executable(name: "harborseal", targets: ["harborseal"])]
    let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
    let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
    let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
    let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
    let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    targets += [
        serverTarget("AllianceTrust", ["MerkleTree", "AttestationFormat", crypto, x509, asn1]),
        // Keys of the alliance in PKCS#11 tokens; a verifier and a node do without.
        serverTarget("AllianceTokens", ["AllianceTrust", "SealToken", "AttestationFormat"]),
        serverTarget(
            "AnchorNode",
            [
                "AllianceTrust", "MerkleTree", "AttestationFormat", "LogisticsEvents", "MQTTLink", "CPosixShims", crypto, logging, lifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        serverTarget(
            "DeviceRegistry",
            [
                "AllianceTrust", "MerkleTree", "AttestationFormat", crypto, x509, asn1, .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // What nodes' and registries' HTTP servers share: TLS files, limits of connections, and why one does not start.
        serverTarget(
            "HTTPServing",
            [
                logging, .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ]),
        serverTarget(
            "NodeHTTP",
            [
                "HTTPServing", "AnchorNode", "AllianceTrust", "AttestationFormat", "MerkleTree", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ]),
        serverTarget(
            "RegistryHTTP",
            [
                "HTTPServing", "DeviceRegistry", "AllianceTrust", "AttestationFormat", "MerkleTree", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ]),
        // The QR code of an enrolment text: drawn where devices are registered, read by a telephone.
        shims("CQRShims", linking: ["qrencode"]),
        serverTarget(
            "HarborsealCommands",
            [
                "RegistryHTTP", "DeviceRegistry", "CQRShims", "NodeHTTP", "HTTPServing", "AnchorNode", "AllianceTokens", "AllianceTrust", "AttestationFormat",
                "MerkleTree", "LogisticsEvents", "MQTTLink", "ConfigurationFile", "CPosixShims", crypto, x509, asn1, logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .executableTarget(
            name: "harborseal",
            dependencies: [
                "HarborsealCommands", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: houseSettings),
        tests(of: "AllianceTrust", ["MerkleTree", "AttestationFormat", crypto, x509, asn1]),
        // Alliances, gateways and brokers for the tests of nodes; only Tests depend on it.
        serverTarget(
            "NodeTesting",
            ["AnchorNode", "AllianceTrust", "HarborsealTesting", "MerkleTree", "AttestationFormat", "MQTTLink", "CPosixShims", logging, lifecycle]),
        tests(
            of: "AnchorNode",
            [
                "NodeTesting", "AllianceTrust", "MerkleTree", "AttestationFormat", "MQTTLink", crypto, logging, lifecycle,
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        // Registries, their authorities and requests for tests; only Tests depend on it.
        serverTarget("RegistryTesting", ["DeviceRegistry", "AllianceTrust", "MerkleTree", "AttestationFormat", crypto, x509, asn1]),
        // One step on a registry in a process of its own, which tests kill.
        .executableTarget(
            name: "RegistryStep", dependencies: ["RegistryTesting", "DeviceRegistry", "AllianceTrust", "AttestationFormat"],
            path: "Tests/RegistryStep", swiftSettings: houseSettings),
        tests(
            of: "DeviceRegistry",
            [
                "RegistryStep", "RegistryTesting", "AllianceTrust", "MerkleTree", "AttestationFormat", crypto, x509, asn1,
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            of: "NodeHTTP",
            [
                "NodeTesting", "HTTPServing", "AnchorNode", "AllianceTrust", "MerkleTree", "AttestationFormat", logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        tests(
            of: "RegistryHTTP",
            [
                "HTTPServing", "DeviceRegistry", "AllianceTrust", "AttestationFormat", "MerkleTree", "CPosixShims", crypto, logging, lifecycle,
            ]),
        .executableTarget(
            name: "NodeBenchmark",
            dependencies: ["NodeTesting", "AnchorNode", "AllianceTrust", "AttestationFormat", "MerkleTree", "MQTTLink", lifecycle],
            path: "Tests/Benchmarks/NodeBenchmark", swiftSettings: houseSettings),
        tests(
            of: "HarborsealCommands",
            [
                "harborseal", "NodeTesting", "RegistryTesting", "RegistryHTTP", "DeviceRegistry", "NodeHTTP", "HTTPServing", "AnchorNode", "AllianceTokens", "AllianceTrust",
                "SealToken", "AttestationFormat", "MerkleTree", "MQTTLink", "CPosixShims", lifecycle, crypto,
            ]),
    ]
}

// Runs the built programs, so it imports none of them.
if !agentOnly || integrationOnly {
    targets.append(
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["HarborsealTesting", "AttestationFormat", "MerkleTree", "DeviceCrypto", "MQTTLink", "CPosixShims"],
            exclude: [
                "Support/BrokerAccess", "Support/ledger.py", "Support/checkpoints.py", "Support/clock-shift.c", "Support/gpio-chip.c",
                "Support/stuck-call.c", "Support/registry.py", "Support/key-value.py",
            ], swiftSettings: houseSettings))
}

let package = Package(
    name: "harborseal",
    products: products,
    dependencies: dependencies,
    targets: targets)
