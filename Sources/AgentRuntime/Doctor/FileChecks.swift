internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import DeviceEnrolment
internal import GatewayAgent
internal import SealToken
internal import SmallFiles

/// What `doctor` sees in files, whoever runs it: as root it judges for the agent's user, not for itself.
struct FileChecks {
    let configuration: AgentConfiguration
    /// The user that the agent runs as; `nil` when nothing tells.
    let agentUser: UInt32?
    let nowSeconds: Int64
    /// False for `check-config`: dates pass by themselves, and folders are made at the start.
    var judgesDates = true
    /// A token that the running agent has in use is the agent's to tell of: some take one user at a time.
    var looksAtToken = true
    var findings = Findings()
    /// Whether a key is not the agent's alone, which ends `run` with 77.
    private(set) var isKeyOpen = false

    mutating func run() {
        let key: PublicKey?
        switch configuration.seal.key {
        case .file(let path): key = self.key(path)
        case .token(let uri): key = token(uri)
        }
        sealCertificate(key)
        linkIdentity(sealKey: key ?? (try? UnverifiedCertificate.load(from: configuration.seal.certificateFile))?.publicKey)
        trustFile()
        if judgesDates { folders() }
    }

    /// The step where a key or a certificate is not there.
    private static var missing: String { "enroll this gateway (harborseal-agent enroll -), or name the right file in agent.conf" }

    // MARK: - Keys

    private mutating func key(_ path: UTF8Text) -> PublicKey? {
        guard isPrivate("key", path), let pem = bytes("key", path) else { return nil }
        do throws(DeviceCryptoError) {
            let key = try SigningKey(pem: pem)
            let start = posix_monotonic_nanoseconds()
            _ = try key.sign([1])
            findings.ok("key", path.string, "signs and verifies, in \((posix_monotonic_nanoseconds() - start) / 1_000) us")
            return key.publicKey
        } catch {
            findings.add(.problem, "key", path.string, error.message, advice: "restore this file, or enrol the gateway again")
            return nil
        }
    }

    /// Whether a key's file is the agent's alone; says what is wrong with it.
    mutating func isPrivate(_ check: StaticString, _ path: UTF8Text, endsRun: Bool = true) -> Bool {
        let result = path.withCText { posix_key_fault($0, agentUser ?? .max, false) }
        guard result >= 0 else {
            findings.add(
                .problem, check, path.string, SystemWords.of(-result),
                advice: endsRun ? Self.missing : "put the key there, or name the right file in agent.conf")
            return false
        }
        guard result > 0 else { return true }
        isKeyOpen = isKeyOpen || endsRun
        findings.add(.problem, check, path.string, splitting: String(cString: posix_key_words()))
        return false
    }

    private mutating func bytes(_ check: StaticString, _ path: UTF8Text) -> [UInt8]? {
        do throws(FileError) {
            return try SmallFile.read(path, limit: UnverifiedCertificate.byteLimit)
        } catch {
            findings.add(.problem, check, path.string, error.reason, advice: "run this as root or as the agent's user")
            return nil
        }
    }

    // MARK: - Certificates

    private mutating func sealCertificate(_ key: PublicKey?) {
        let path = configuration.seal.certificateFile
        guard let certificate = certificate("certificate", path) else { return }
        let identity = configuration.identity
        let issuer = "hs:" + identity.alliance + "/" + identity.firm + "." + identity.device
        if certificate.subjectURI != issuer {
            findings.add(
                .problem, "certificate", path.string, "is for \(certificate.subjectURI?.string ?? "nobody"), this gateway is \(issuer.string)",
                advice: "correct [identity] in agent.conf, or enroll this gateway again")
        } else if let key, certificate.publicKey != key {
            findings.add(
                .problem, "certificate", path.string, "belongs to another key than the seal key", advice: "put key and certificate of one enrolment there")
        } else {
            validity("certificate", path, certificate, advice: "harborseal-agent renew --seal: nodes refuse new batches once it has ended; nothing is lost")
        }
    }

    private mutating func linkIdentity(sealKey: PublicKey?) {
        let link = configuration.link
        guard !link.brokers.isEmpty else { return }
        let key = linkKey(sealKey)
        if let path = link.certificateFile, let certificate = certificate("link-certificate", path) {
            if let key, certificate.publicKey != key {
                findings.add(
                    .problem, "link-certificate", path.string, "belongs to another key than the link key",
                    advice: "put key and certificate of one enrolment there")
            }
            if judgesDates, let end = RenewalSchedule.end(of: certificate, nowSeconds: nowSeconds) {
                findings.add(.problem, "link-certificate", path.string, end.happened, advice: end.step.description)
            } else {
                validity("link-certificate", path, certificate, advice: "harborseal-agent renew")
            }
        }
        if let path = link.authorityFile, let authority = certificate("link-ca", path) {
            validity("link-ca", path, authority, advice: "ask the alliance for its new link CA: harborseal-agent enroll with a new text brings it")
        }
    }

    /// The link key's public part. Faults.md 19: it must not be the seal key.
    private mutating func linkKey(_ sealKey: PublicKey?) -> PublicKey? {
        guard let path = configuration.link.keyFile, isPrivate("link-key", path), let pem = bytes("link-key", path), let key = try? SigningKey(pem: pem) else { return nil }
        if key.publicKey == sealKey {
            findings.add(
                .problem, "link-key", path.string, "is the seal key: one key must not have both roles",
                advice: "enroll the gateway with a link key of its own: harborseal-agent enroll TEXT")
        }
        return key.publicKey
    }

    private mutating func certificate(_ check: StaticString, _ path: UTF8Text) -> UnverifiedCertificate? {
        do throws(DeviceCryptoError) {
            return try UnverifiedCertificate.load(from: path)
        } catch {
            findings.add(.problem, check, path.string, error.reason, advice: Self.missing)
            return nil
        }
    }

    private mutating func validity(_ check: StaticString, _ path: UTF8Text, _ certificate: UnverifiedCertificate, advice: StaticString) {
        guard judgesDates else { return }
        let days = (certificate.notAfterSeconds - nowSeconds) / 86_400
        if nowSeconds < certificate.notBeforeSeconds {
            findings.add(
                .problem, check, path.string, "is not valid yet: this machine's clock is probably wrong",
                advice: "set the clock; meanwhile events are recorded, signed and stored")
        } else if nowSeconds > certificate.notAfterSeconds {
            findings.add(.problem, check, path.string, "ended on \(Day.text(certificate.notAfterSeconds)) by this machine's clock", advice: advice.description)
        } else if days < RenewalSchedule.fewDays {
            findings.add(.warning, check, path.string, "\(days) days left", advice: advice.description)
        } else {
            findings.ok(check, path.string, "\(days) days left")
        }
    }

    private mutating func trustFile() {
        let path = configuration.trust.file.string
        do throws(SetupError) {
            guard let trust = try AgentSetup.trustFile(configuration, log: nil) else {
                findings.add(
                    .problem, "trust", path, "there is no trust file: no receipt counts, so nothing is ever freed",
                    advice: "copy alliance.hstrust there, by a way that you trust")
                return
            }
            let content = trust.content
            let words = "version \(content.version), \(content.nodes.count) nodes, \(content.quorum.receiptsNeeded) receipts needed"
            if let end = content.notAfterSeconds, nowSeconds > Int64(clamping: end) {
                findings.add(.warning, "trust", path, "\(words); out of date", advice: "ask the alliance for a newer one; the agent goes on with this one")
            } else {
                findings.ok("trust", path, words)
            }
            let firm = content.firms.first { $0.name.text == configuration.identity.firm }
            if let until = firm?.untilSeconds, nowSeconds >= Int64(clamping: until) {
                findings.add(
                    .problem, "trust", path, "this gateway's firm left the alliance on " + Day.text(Int64(clamping: until)),
                    advice: "ask the alliance: no certificate helps")
            }
            let issuers: [[UInt8]] = firm?.issuingCertificates ?? []
            if let seal = try? UnverifiedCertificate.load(from: configuration.seal.certificateFile), !IssuedCertificate.isIssued(seal, by: issuers) {
                findings.add(
                    .warning, "trust", path, "has no key that issued this gateway's seal certificate: it is under another root, or older",
                    advice: "ask the alliance which trust file is in force, and put that one there")
            }
        } catch {
            findings.add(.problem, "trust", path, splitting: String(decoding: error.text.utf8.dropFirst(path.utf8.count + 1), as: UTF8.self))
        }
    }
}
