import Foundation
import HarborsealTesting

/// Programs of others: `curl` and `openssl`, the clients that a registry has to suit.
enum Tool {
    struct Ending {
        let code: Int32
        let output: [UInt8]
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ name: String, _ arguments: [String], input: [UInt8] = []) throws -> Ending {
        let process = Process()
        let (outputs, errors, inputs) = (Pipe(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(name)")
        process.arguments = arguments
        (process.standardOutput, process.standardError, process.standardInput) = (outputs, errors, inputs)
        try process.run()
        // All inputs here fit into a pipe.
        try inputs.fileHandleForWriting.write(contentsOf: Data(input))
        try inputs.fileHandleForWriting.close()
        let output = outputs.fileHandleForReading.readDataToEndOfFile()
        let words = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ending(code: process.terminationStatus, output: Array(output), errors: String(decoding: words, as: UTF8.self))
    }

    @discardableResult
    static func openssl(_ arguments: [String], input: [UInt8] = []) throws -> Ending {
        let ending = try run("openssl", arguments, input: input)
        guard ending.code == 0 else { throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(ending.errors)") }
        return ending
    }
}

/// Waits for what comes sooner or later, however busy the machine is.
func wait(for what: @autoclosure () -> String, until isThere: () throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !isThere() {
        guard ContinuousClock.now < end else { throw Tool.Failure(description: "waited 60 s for \(what())") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// A key and its request as a gateway's technician would make them with openssl.
struct OpenSSLRequest {
    enum Kind: String, CaseIterable {
        case p256, rsa, p384, ed25519, sha1, sha384
    }

    let keyFile: String
    /// Of the request.
    let der: [UInt8]

    /// - Parameter subject: in openssl's form, `/O=acme/CN=acme.gw-1`; `/` has none.
    init(_ folder: TemporaryDirectory, _ kind: Kind = .p256, subject: String = "/", keyFile known: String? = nil) throws {
        let keyFile = known ?? folder.file("\(UUID().uuidString).key")
        self.keyFile = keyFile
        if known == nil {
            switch kind {
            case .rsa: try Tool.openssl(["genrsa", "-out", keyFile, "2048"])
            case .ed25519: try Tool.openssl(["genpkey", "-algorithm", "ed25519", "-out", keyFile])
            case .p384: try Tool.openssl(["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", keyFile])
            default: try Tool.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", keyFile])
            }
        }
        let digest = kind == .sha1 ? ["-sha1"] : kind == .sha384 ? ["-sha384"] : kind == .ed25519 ? [] : ["-sha256"]
        der = try Tool.openssl(["req", "-new", "-key", keyFile, "-subj", subject, "-outform", "DER"] + digest).output
    }

    private init(keyFile: String, der: [UInt8]) {
        self.keyFile = keyFile
        self.der = der
    }

    /// The same request with one bit of its signature changed.
    var forged: OpenSSLRequest {
        var bytes = der
        bytes[bytes.count - 1] ^= 1
        return OpenSSLRequest(keyFile: keyFile, der: bytes)
    }

    /// Base64 in lines, as `openssl base64` writes it.
    var lines: [UInt8] { get throws { try Tool.openssl(["base64"], input: der).output } }
    /// Base64 in one line without an end.
    var line: [UInt8] { Array(Data(der).base64EncodedString().utf8) }
}
