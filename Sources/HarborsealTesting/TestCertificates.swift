import Foundation

/// Link certificates for tests, made by the `openssl` program: a link CA, a broker's certificate, and clients'.
public struct TestCertificates: Sendable {
    /// PEM files of one certificate and its key.
    public struct Identity: Sendable {
        public let certificateFile: String
        public let keyFile: String
        /// Keeps the files as long as somebody names them.
        let directory: TemporaryDirectory
    }

    public enum Validity: Sendable {
        case valid
        /// Ended a day ago.
        case expired
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let directory: TemporaryDirectory
    /// PEM file of the link CA.
    public let authorityFile: String
    private let authorityKeyFile: String

    public init(commonName: String = "Test link CA") throws {
        directory = try TemporaryDirectory(named: "harborseal-tls")
        authorityFile = directory.file("ca.pem")
        authorityKeyFile = directory.file("ca.key")
        try Self.makeKey(authorityKeyFile)
        try Self.openssl([
            "req", "-x509", "-new", "-key", authorityKeyFile, "-subj", "/CN=\(commonName)", "-days", "30", "-out", authorityFile,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        ])
    }

    /// A broker's certificate for `localhost` and 127.0.0.1, or for another host.
    public func server(validity: Validity = .valid, host: String = "localhost") throws -> Identity {
        let names = host == "localhost" ? "DNS:localhost,IP:127.0.0.1" : "DNS:\(host)"
        return try issue(
            "server-\(UUID().uuidString)", subject: "/CN=\(host)",
            extensions: "subjectAltName=\(names)\nextendedKeyUsage=serverAuth\n", validity: validity)
    }

    /// A client's certificate: the broker takes the user name from `commonName`.
    public func client(_ commonName: String, firm: String = "test", validity: Validity = .valid) throws -> Identity {
        try issue(
            "client-\(UUID().uuidString)", subject: "/O=\(firm)/CN=\(commonName)",
            extensions: "extendedKeyUsage=clientAuth\n", validity: validity)
    }

    /// A PEM file with this CA's revocation list, in which these certificates stand.
    public func revocationList(of revoked: [Identity]) throws -> String {
        let name = "crl-\(UUID().uuidString)"
        let database = try directory.write("", to: name + ".index")
        let configuration = try directory.write(
            "[ca]\ndefault_ca = list\n[list]\ndatabase = \(database)\ndefault_md = sha256\ndefault_crl_days = 30\n", to: name + ".conf")
        let signer = ["ca", "-config", configuration, "-cert", authorityFile, "-keyfile", authorityKeyFile]
        for identity in revoked { try Self.openssl(signer + ["-revoke", identity.certificateFile]) }
        try Self.openssl(signer + ["-gencrl", "-out", directory.file(name + ".pem")])
        return directory.file(name + ".pem")
    }

    private func issue(_ name: String, subject: String, extensions: String, validity: Validity) throws -> Identity {
        let key = directory.file(name + ".key")
        let request = directory.file(name + ".csr")
        let certificate = directory.file(name + ".pem")
        let extensionFile = try directory.write("basicConstraints=CA:FALSE\n" + extensions, to: name + ".ext")
        try Self.makeKey(key)
        try Self.openssl(["req", "-new", "-key", key, "-subj", subject, "-out", request])
        try Self.openssl([
            "x509", "-req", "-in", request, "-CA", authorityFile, "-CAkey", authorityKeyFile,
            "-set_serial", "0x\(UInt64.random(in: 1...UInt64(Int64.max)).description)", "-extfile", extensionFile,
            "-days", validity == .valid ? "30" : "-1", "-out", certificate,
        ])
        return Identity(certificateFile: certificate, keyFile: key, directory: directory)
    }

    private static func makeKey(_ path: String) throws {
        try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "openssl \(arguments.first ?? ""): " + String(decoding: text, as: UTF8.self))
        }
    }
}
