internal import AgentConfiguration
internal import AttestationFormat
internal import DeviceCrypto
internal import GatewayAgent
internal import SmallFiles

extension AgentSetup {
    /// A trust file that its own root signed; nil for what has not the form of one. Whether that root is the right one is the holder's to know.
    static func verifiedTrust(_ bytes: [UInt8]) throws(VerificationError) -> TrustFile? {
        guard let file = try? UnverifiedTrustFile(parsing: bytes),
            let root = try? UnverifiedCertificate(der: file.content.rootCertificate)
        else { return nil }
        return try file.verified(rootKey: root.publicKey, verifier: P256Verifier.self, using: SHA256.self)
    }

    /// The trust file, verified; `nil` when there is none.
    ///
    /// - Throws: words that begin with the path; behind their last semicolon stands the step.
    static func trustFile(_ configuration: AgentConfiguration, log: Log?) throws(SetupError) -> TrustFile? {
        let path = configuration.trust.file
        guard !path.bytes.isEmpty else { return nil }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try SmallFile.read(path, limit: Limits.trustFileByteCount)
        } catch {
            guard error.isNotFound else { throw SetupError(.noInput, path.string + " " + error.reason + "; run this as root or as the agent's user") }
            log?(.warning, "\(error.message); no receipt counts until a trust file is there")
            return nil
        }
        var fault: StaticString = "it is cut, changed, or another kind of file"
        var verified: TrustFile?
        do throws(VerificationError) { verified = try verifiedTrust(bytes) } catch { fault = error.trustFileWords }
        guard let trust = verified else {
            throw SetupError(.data, path.string + " is no valid trust file: " + fault.description + "; fetch it again from the alliance")
        }
        guard trust.content.alliance.text == configuration.identity.alliance else {
            throw SetupError(
                .configuration,
                "\(path.string) is of alliance \(trust.content.alliance.text.string), the configuration says "
                    + "\(configuration.identity.alliance.string); put this alliance's file there, or correct [identity]")
        }
        return trust
    }
}
