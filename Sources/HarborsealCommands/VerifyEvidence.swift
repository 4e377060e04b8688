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
    /// What at least one disclosed event must name, for the verdict to be about it; nil: nothing is asked.
    public var subject: String?
    /// Whether to list the disclosed events.
    public var showsEvents: Bool
    public var style: TerminalStyle
    public var nowSeconds: Int64

    public init(
        file: String, trustFile: String, pinnedHash: String? = nil, subject: String? = nil, asJSON: Bool = false,
        showsEvents: Bool = false, style: TerminalStyle = .plain,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.file = file
        self.trustFile = trustFile
        self.pinnedHash = pinnedHash
        self.subject = subject
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
        let malformed = report.verdict.malformed == nil ? nil : malformed(evidence, trust)
        if let malformed, !asJSON { return CommandRunner.failure(malformed) }
        let verdict = verdict(of: report)
        let output = asJSON ? json(report, verdict, malformed: malformed?.message).json : text(report, verdict)
        return CommandResult(output: output, exitCode: verdict.exitCode)
    }

    /// Which of the two files is not what it should be, what it is instead, and where that shows.
    private func malformed(_ evidence: [UInt8], _ trust: [UInt8]) -> CommandError {
        do {
            _ = try UnverifiedTrustFile(parsing: trust)
        } catch {
            return TrustFileInput.malformed(trustFile, trust, error.words)
        }
        var words = "its parts do not fit"
        do { _ = try Evidence(parsing: evidence) } catch { words = error.words }
        return CommandError(
            .malformed, "\(file): expected evidence (.hsev), found \(FoundBytes.words(of: evidence)): \(words)",
            nextStep: "get the file again, or name another one; harborseal inspect \(file) shows what this is")
    }
}
