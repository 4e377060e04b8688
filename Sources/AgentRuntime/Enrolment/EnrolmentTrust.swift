internal import AttestationFormat
internal import DeviceCrypto
internal import DeviceEnrolment
internal import MerkleTree
internal import SmallFiles

/// The trust file of an enrolment: the one that is there, or the registry's. A first one counts by its hash, which came by a way that somebody
/// trusts; later ones come from nodes.
final class EnrolmentTrust {
    /// What somebody vouches for; nil: the registry's file has no hash to compare it with.
    private(set) var file: TrustFile?
    /// To be stored.
    private var fetched: [UInt8]?
    private var version: UInt64 = 0

    /// - Throws: `otherTrust` and `heldTrust` for a file on top of which no certificate is asked for.
    init(_ order: EnrolmentOrder, _ path: UTF8Text, _ enroller: Enroller, accepts: Bool) throws(EnrolmentError) {
        let isHeld = SmallFile.exists(path)
        let bytes = isHeld ? (try? SmallFile.read(path, limit: Limits.trustFileByteCount)) ?? [] : try enroller.client.trustFile(named: order.trustHash)
        guard let trust = (try? AgentSetup.verifiedTrust(bytes)) ?? nil, enroller.alliance == nil || trust.content.alliance == enroller.alliance,
            trust.content.linkCertificate == enroller.client.anchor
        else { throw isHeld ? EnrolmentError(.heldTrust, path) : EnrolmentError(.otherTrust, "is not this alliance's") }
        if isHeld {
            file = trust
            return
        }
        let hash = SHA256.hash(bytes.span)
        if let expected = order.trustHash, expected != hash {
            throw EnrolmentError(.otherTrust, UTF8Text("has the hash " + hash.hexadecimal + ", expected was " + expected.hexadecimal))
        }
        (fetched, version) = (bytes, trust.content.version)
        if order.trustHash != nil || accepts { file = trust }
    }

    /// Puts a fetched one in place, if somebody vouches for it.
    func store(_ places: EnrolmentPlaces) throws(EnrolmentError) -> ExitCode {
        let path = places.trustFile.string
        guard let fetched else {
            Output.print("trust file was there already: " + path)
            return .success
        }
        let words = "trust file version \(version), hash " + SHA256.hash(fetched.span).hexadecimal
        guard file != nil else {
            Output.complain("the registry's " + words + " was not stored; compare it with the alliance's, then run this again with --trust-hash HASH")
            return .warning
        }
        try places.write(places.trustFile, fetched)
        Output.print(words + ", in " + path)
        return .success
    }
}
