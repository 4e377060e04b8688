import Foundation
import Testing

/// The agent's release build for one architecture and one Debian release: what `make agents` and `make matrix` leave behind.
struct CrossBuild: CustomTestStringConvertible, Sendable {
    /// As Debian names it.
    let architecture: String
    let release: String
    /// Of QEMU in user mode.
    let emulator: String
    /// What the ELF header says: 1 for 32 bits, 2 for 64; and `e_machine`.
    let elfClass: UInt8
    let elfMachine: UInt8
    /// clang's words for the processor and the calls between functions.
    let compilerOptions: [String]

    var testDescription: String { "\(architecture) on \(release)" }
    private var pair: String { "\(architecture)-\(release)" }
    private var programPath: String { ".build-\(pair)/release/harborseal-agent" }

    /// What CI builds; absent ones fail.
    private static let expected: Set<String> = ["arm64-bookworm", "arm64-trixie", "armhf-bookworm", "armhf-trixie"]

    /// What CI builds, and what else is there. This machine's own build is what all other tests run.
    static let all: [CrossBuild] = ["bookworm", "trixie"].flatMap { release in
        [
            CrossBuild(
                architecture: "amd64", release: release, emulator: "qemu-x86_64-static", elfClass: 2, elfMachine: 62,
                compilerOptions: ["--target=x86_64-linux-gnu"]),
            CrossBuild(
                architecture: "arm64", release: release, emulator: "qemu-aarch64-static", elfClass: 2, elfMachine: 183,
                compilerOptions: ["--target=aarch64-linux-gnu"]),
            CrossBuild(
                architecture: "armhf", release: release, emulator: "qemu-arm-static", elfClass: 1, elfMachine: 40,
                compilerOptions: ["--target=arm-linux-gnueabihf", "-march=armv7-a", "-mfloat-abi=hard", "-mfpu=vfpv3-d16"]),
            CrossBuild(
                architecture: "riscv64", release: release, emulator: "qemu-riscv64-static", elfClass: 2, elfMachine: 243,
                compilerOptions: ["--target=riscv64-linux-gnu", "-march=rv64gc", "-mabi=lp64d"]),
        ]
    }.filter { expected.contains($0.pair) || FileManager.default.fileExists(atPath: Programs.packageRoot + "/" + $0.programPath) }

    /// The program's path.
    var program: String {
        get throws { try Programs.built(programPath, by: "make agent ARCH=\(architecture) SUITE=\(release)") }
    }

    /// That release's libraries for that architecture.
    var sysroot: String {
        get throws {
            let path = Programs.packageRoot + "/.sysroots/\(pair)"
            guard FileManager.default.fileExists(atPath: path + "/.debian/complete") else {
                throw IntegrationFailure(".sysroots/\(pair) is not there: run `make agent ARCH=\(architecture) SUITE=\(release)`")
            }
            return path
        }
    }

    /// The program under the emulator, with the libraries that it was linked with and not this machine's.
    /// - Parameter environment: `NAME=value` for the program alone.
    func command(environment: [String] = []) throws -> [String] {
        let emulator = try Programs.tool(emulator, package: "qemu-user-static")
        return [emulator, "-L", try sysroot] + environment.flatMap { ["-E", $0] } + [try program]
    }

    /// Compiles one C file to a library that can be preloaded.
    func library(of source: String, in folder: ScratchFolder) throws -> String {
        let target = folder.file(URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent + ".so")
        let options = ["-shared", "-fPIC", "-O1", "-fuse-ld=lld", "--sysroot=\(try sysroot)", "-o", target, source]
        try ChildProcess.run(["clang"] + compilerOptions + options)
        return target
    }
}
