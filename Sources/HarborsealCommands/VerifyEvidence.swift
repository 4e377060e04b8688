internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// `harborseal verify`: the verdict on an evidence file, offline.
public struct VerifyEvidence: Sendable {
    public var file: String
    public var trustFile: String
    /// SHA-256 of the trust file in hex, where the verifier was given it.
    public var pinnedHash: String?
    public var asJSON: Bool
    /// Whether to list the disclosed events.
    public var showsEvents: Bool
    public var style: TerminalStyle
    public var nowSeconds: Int64

    public init(
        file: String, trustFile: String, pinnedHash: String? = nil, asJSON: Bool = false, showsEvents: Bool = false,
        style: TerminalStyle = .plain, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.file = file
        self.trustFile = trustFile
        self.pinnedHash = pinnedHash
        self.asJSON = asJSON
        self.showsEvents = showsEvents
        self.style = style
        self.nowSeconds = nowSeconds
    }

    public func run() async throws -> CommandResult {
        var hash: Digest?
        if let pinnedHash {
            guard let digest = Hexadecimal.bytes(of: UTF8Text(pinnedHash.lowercased())).flatMap({ Digest($0) }) else {
                throw CommandError(.usage, "--trust-hash is not 64 hex digits", nextStep: "sha256sum \(trustFile)")
            }
            hash = digest
        }
        let evidence = try DurableFile.read(file, byteLimit: Limits.evidenceByteCount)
        let trust = try DurableFile.read(trustFile, byteLimit: Limits.trustFileByteCount)
        let report = await EvidenceVerifier.report(
            evidence: evidence, trustFile: trust, pinnedHash: hash, nowSeconds: UInt64(max(0, nowSeconds)))
        if let malformed = report.verdict.malformed, !asJSON {
            return CommandResult(notes: "error: \(malformed)\n", exitCode: report.verdict.exitCode)
        }
        let output = asJSON ? json(report).json : text(report)
        return CommandResult(output: output, exitCode: report.verdict.exitCode)
    }
}
