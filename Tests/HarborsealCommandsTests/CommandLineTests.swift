import Foundation
import HarborsealCommands
import Testing

/// The built program, beside the tests' own.
enum BuiltProgram {
    static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("harborseal").path

    static func run(_ arguments: [String], columns: Int? = nil, environment: [String: String] = [:]) throws -> (exitCode: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let width = columns.map { ["COLUMNS": "\($0)"] } ?? [:]
        process.environment = ProcessInfo.processInfo.environment.merging(width.merging(environment) { $1 }) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.runHearingSignals()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}

@Suite("The program") struct CommandLineTests {
    private static let commands = [
        [], ["verify"], ["inspect"], ["alliance"], ["alliance", "init"], ["alliance", "add-firm"], ["alliance", "add-node"],
        ["alliance", "rotate-node-key"], ["alliance", "retire-node"], ["alliance", "retire-firm"], ["alliance", "add-server"], ["alliance", "sign"],
        ["alliance", "show"], ["alliance", "broker-config"], ["device"], ["device", "add"], ["device", "list"], ["device", "show"],
        ["device", "approve"], ["device", "code"], ["device", "replace"], ["device", "revoke"], ["device", "issue"], ["registry"],
        ["registry", "init"], ["registry", "serve"], ["registry", "backup"], ["registry", "restore"], ["registry", "audit"], ["registry", "policy"], ["registry", "policy", "show"], ["registry", "policy", "set"],
        ["registry", "policy", "approve"], ["node", "serve"], ["node", "import"], ["evidence"],
    ]

    @Test("--help fits 80 columns as it was written: no line is longer, and none of its explanation has to be wrapped", arguments: commands)
    func helpWidth(_ command: [String]) throws {
        let narrow = try BuiltProgram.run(command + ["--help"], columns: 80).output
        for line in narrow.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        // The abstract comes first and may be wrapped; what stands between it and USAGE are lines of their own.
        func explanation(_ help: String) -> [Substring] {
            let end = help.range(of: "\nUSAGE:")?.lowerBound ?? help.endIndex
            let start = help.range(of: "\n\n")?.upperBound ?? end
            return start < end ? help[start..<end].split(separator: "\n") : []
        }
        let wide = try BuiltProgram.run(command + ["--help"], columns: 200).output
        #expect(explanation(narrow) == explanation(wide) && !explanation(wide).isEmpty)
    }

    @Test("--help, CONTRIBUTING.md and the node's unit have one table of exit codes, and every error has a row")
    func exitCodes() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func text(_ name: String) throws -> String { try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8) }
        let (help, house) = (try BuiltProgram.run(["--help"]).output, try text("CONTRIBUTING.md"))
        for row in ExitCodes.rows {
            #expect(help.contains("  \(row.code)") && help.contains(row.meaning), "\(row)")
            #expect(house.contains("| \(row.code) | \(row.meaning) |"), "\(row)")
        }
        #expect(CommandError.Code.allCases.allSatisfy { code in ExitCodes.rows.contains { $0.code == code.rawValue } })
        let unit = try text("Firmware-Config/systemd/harborseal-node.service")
        let permanent = ExitCodes.permanent.map { "\($0.rawValue)" }.joined(separator: " ")
        #expect(unit.contains("\nRestartPreventExitStatus=\(permanent)\n"))
        #expect(unit.contains("\nRestart=always\n"), "whatever else ends it")
    }

    @Test("--help of every command has an example", arguments: commands)
    func help(_ command: [String]) throws {
        let result = try BuiltProgram.run(command + ["--help"])
        #expect(result.exitCode == 0)
        #expect(result.output.contains("EXAMPLE\n"), "\(result.output)")
        #expect(result.output.contains("harborseal \(command.joined(separator: " "))"))
    }

    @Test(
        "a command line that cannot be is exit code 64",
        arguments: [
            [], ["alliance"], ["device"], ["node"], ["verify"], ["verify", "x.hsev"], ["nonsense"], ["inspect", "--wrong", "x"], ["alliance", "init"],
            ["device", "issue", "--firm", "acme"], ["registry"], ["device", "revoke", "acme.gw-1"], ["device", "show"], ["registry", "init", "-o", "x"], ["registry", "backup"], ["registry", "restore"], ["alliance", "add-node", "hk-1", "--workers", "many"],
            ["node", "import"], ["node", "import", "--config", "x"], ["node", "import", "x.hscarry"], ["token-helper"],
        ])
    func usage(_ arguments: [String]) throws {
        #expect(try BuiltProgram.run(arguments).exitCode == 64)
    }

    @Test("a missing file is exit code 66, with the path: it is no evidence that failed")
    func missingFile() throws {
        let result = try BuiltProgram.run(["inspect", "/nowhere/file"])
        #expect(result.exitCode == 66)
        #expect(result.output.contains("/nowhere/file"))
    }

    @Test("a verdict that cannot be written is exit code 74, not 0")
    func fullOutput() throws {
        let workspace = try TestWorkspace(nodes: [], firms: [], signs: false)
        // The CBOR number 0.
        let file = try workspace.write("zero", [0])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec \"$0\" inspect \"$1\" > /dev/full 2> /dev/null", BuiltProgram.path, file]
        try process.runHearingSignals()
        process.waitUntilExit()
        withExtendedLifetime(workspace) { #expect(process.terminationStatus == 74) }
    }
}
