import Foundation
import Testing

/// The built program, beside the tests' own.
enum BuiltProgram {
    static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("harborseal").path

    static func run(_ arguments: [String]) throws -> (exitCode: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
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
    @Test(
        "--help of every command has an example",
        arguments: [
            [], ["verify"], ["inspect"], ["alliance"], ["alliance", "init"], ["alliance", "add-firm"], ["alliance", "add-node"],
            ["alliance", "retire-node"], ["alliance", "add-server"], ["alliance", "sign"], ["alliance", "show"],
            ["alliance", "broker-config"], ["device", "issue"], ["node", "serve"], ["node", "import"],
        ])
    func help(_ command: [String]) throws {
        let result = try BuiltProgram.run(command + ["--help"])
        #expect(result.exitCode == 0)
        #expect(result.output.contains("EXAMPLE\n"), "\(result.output)")
        #expect(result.output.contains("harborseal \(command.joined(separator: " "))"))
    }

    @Test(
        "a command line that cannot be is exit code 64",
        arguments: [
            ["verify"], ["verify", "x.hsev"], ["nonsense"], ["inspect", "--wrong", "x"], ["alliance", "init"],
            ["device", "issue", "--firm", "acme"], ["alliance", "add-node", "hk-1", "--workers", "many"],
            ["node", "import"], ["node", "import", "--config", "x"], ["node", "import", "x.hscarry"],
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
