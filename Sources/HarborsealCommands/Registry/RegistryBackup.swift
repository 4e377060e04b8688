internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import MerkleTree

/// `harborseal registry backup`: the whole store in one file, while the registry runs.
public struct RegistryBackup: Sendable {
    public var configurationFile: String
    /// The file to write; one that is there stays.
    public var output: String

    public init(configurationFile: String, output: String) {
        self.configurationFile = configurationFile
        self.output = output
    }

    public func run() throws -> CommandResult {
        guard !DurableFile.exists(output) else {
            throw CommandError(.cannotCreate, "\(output) is there already and is not overwritten", nextStep: "choose another name with -o, such as one with the date")
        }
        return try RegistryDesk.result(configurationFile, by: nil) { desk in
            let summary = try desk.registry.backup(to: output)
            return CommandResult(
                output: "backup in \(output)\n\(summary.text)",
                notes: """
                      keys, certificates and registry.conf are not in it: they lie beside \(configurationFile)
                      next: take it to another machine; codes that still hold can be tried out with it, and the last row is what registry audit --check --noted asks for

                    """)
        }
    }
}

/// `harborseal registry restore`: puts a backup into a data folder that has no store.
public struct RegistryRestore: Sendable {
    public var configurationFile: String
    /// What `registry backup` wrote, or a copy of registry.sqlite with its -wal beside it.
    public var file: String
    public var by: String?
    public var nowSeconds: Int64

    public init(configurationFile: String, file: String, by: String? = nil, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.configurationFile = configurationFile
        self.file = file
        self.by = by
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        do {
            return GivenConfiguration.keep(configurationFile, in: try restore())
        } catch {
            throw GivenConfiguration.keep(configurationFile, in: error)
        }
    }

    private func restore() throws -> CommandResult {
        guard DurableFile.exists(file) else {
            throw CommandError(.noInput, "\(file): there is no file", nextStep: "name one that harborseal registry backup wrote")
        }
        let requester = try RegistryDesk.requester(by)
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try RegistryConfiguration(file: configurationFile, environment: environment)
        let folder = configuration.dataPath
        try DurableFile.makeDirectory(folder, mode: 0o700)
        let mark = try ServingMark(folder: folder)
        defer { mark.release() }
        let summary = try Registry.restore(
            file, into: folder, settings: configuration.settings, statements: FirmStatements(), by: requester, nowSeconds: nowSeconds)
        NewStoreMark(configuration.path).remove()
        return CommandResult(output: "\(file) is put back in \(folder)\n\(summary.text)", notes: Self.steps(summary))
    }

    /// What happened between the backup and now is not there.
    private static func steps(_ summary: StoreSummary) -> String {
        let time = summary.newestRowSeconds.map { UTCText.text(seconds: $0) } ?? "its beginning"
        let firms = summary.firms.isEmpty ? "" : """

              what firms with registries of their own revoked since: once this one answers, have \(summary.firms.joined(separator: ", ")) restart theirs; each tells then again what it has revoked
            """
        return """
            nothing that happened after \(time) is known here; before it is started:
              revoke again whatever was revoked since: harborseal device revoke; lists that the broker has, and that know more, stay there until then, and the log names them
              codes that were used since hold again until they end: harborseal device code for each that device list shows as waiting makes a new one
              gateways that enrolled or renewed since are told that their certificate is not known: harborseal device add or code, and the technician enrols them again
              the policies that were set since: harborseal registry policy show\(firms)
              next: harborseal registry audit --check --noted with the last row that was noted down before, then start the registry

            """
    }
}

extension StoreSummary {
    /// For people.
    fileprivate var text: String {
        let time = newestRowSeconds.map { " of \(UTCText.text(seconds: $0))" } ?? ""
        return """
              devices       \(deviceCount)
              certificates  \(certificateCount), \(revokedCount) revoked
              audit rows    \(head.count)
              last row      \(head.count):\(Hexadecimal.text(of: head.hash.bytes))\(time)

            """
    }
}
