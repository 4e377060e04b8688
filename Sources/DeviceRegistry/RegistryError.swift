/// Why the registry refused something: a stable code to branch on, and what and what next in words.
///
/// No message holds a code, a key or a request's bytes; a stranger's words in it are cut and printable.
public struct RegistryError: Error, Equatable, Sendable {
    /// The stable codes. What EST answers (RFC 7030, section 4.2.3) stands in front: 401, 202, 403, 400, 413, 429, 503.
    public enum Code: String, Sendable, CaseIterable {
        // 401: who asks is not known.
        /// The device is not known, or the code is not the one in force; which of the two is not said.
        case wrongCode
        /// The client certificate is none that this registry has issued for a link.
        case unknownCertificate

        // 202: come again later.
        /// A second person has not approved the device yet.
        case awaitingApproval

        // 403: known, and not allowed.
        /// The code has been used for this label, with another key.
        case codeUsed
        /// The code's lifetime is over.
        case codeExpired
        /// The device is revoked.
        case deviceRevoked
        /// Another device took the name over; this certificate is the old one's.
        case deviceReplaced
        /// The device has enrolled with a new code and another link key; this certificate is of the key before.
        case linkKeyReplaced
        /// The link certificate ended more than 30 days ago.
        case certificateTooOld
        /// The request names something else than the registered device.
        case foreignName
        /// The key is known already: in another role, of another device, or as an issuing key. One key, one role.
        case keyInUse
        /// A seal certificate is renewed for the registered key alone.
        case otherSealKey
        /// The firm has left the alliance.
        case firmRetired
        /// The firm runs a registry of its own: its gateways enrol and renew there, and its firm code is for link certificates alone.
        case firmRegistry

        // 400: the request is none that is signed here.
        /// No PKCS#10 request in DER, or base64 of it.
        case requestForm
        /// The request's signature does not verify: no proof that the sender holds the key.
        case requestSignature
        /// An RSA key.
        case rsaKey
        /// A key on another curve than P-256.
        case otherCurve
        /// A key of another kind: Ed25519, DSA...
        case otherKey
        /// A request signed with SHA-1 or MD5.
        case weakHash
        /// A request signed with another algorithm than ecdsa-with-SHA256.
        case otherAlgorithm

        // 413 and 429.
        /// A request or code longer than any that belongs here.
        case tooLarge
        /// As many wrong codes as the firm's policy allows; no time unlocks the code.
        case codeLocked
        /// More certificates in a day than a gateway needs.
        case tooManyTries

        // 503: not now.
        /// Another process is writing to the registry for too long.
        case storeBusy
        /// The disk is full or fails; nothing was changed.
        case storeFailed
        /// The certificate that would issue is not valid at this time.
        case issuerNotValid
        /// The token with the key that would issue is away, busy, or does not take its PIN; nothing was changed.
        case keyAway
        /// The alliance's registry, which issues link certificates, does not answer, or cannot now; nothing was changed.
        case allianceAway
        /// The alliance's registry does not take the firm code, or answers what cannot be used: a person has to see to it; nothing was changed.
        case allianceRefused
        /// The list that is published revokes what the store does not know, and stays: what was revoked is stored, and not published yet.
        case listBehind

        // Operators' commands.
        /// A name that wire-format.md, section 2 does not allow.
        case name
        /// A firm that this registry has no issuing key of.
        case unknownFirm
        /// A device that is not registered.
        case unknownDevice
        /// A device of this name is registered already.
        case deviceExists
        /// Whoever added a device, or asked for its code, cannot be the one who approves it.
        case samePerson
        /// The device's state does not allow it.
        case state
        /// A certificate that is none, another issuer's or gateway's, a CA's, or has ended.
        case certificate
        /// A value that cannot be used where it was given.
        case argument
        /// A revocation list would be larger than the 65,536 bytes that nodes and verifiers read.
        case listFull

        // The registry's folder.
        /// There is no store where one must be: its devices, revocations and rows would be gone in a new one.
        case noStore
        /// The store belongs to another alliance.
        case foreignStore
        /// The store was written by a newer version of this program.
        case newerStore
        /// The store contradicts itself.
        case damagedStore
        /// An enrolment text that does not have the form `harborseal-enrol:1?...`.
        case enrolmentText
    }

    /// What to branch on.
    public let code: Code
    /// What is wrong and where, for people; one line.
    public let message: String
    /// One step that mends it, where there is one.
    public let nextStep: String?

    public init(_ code: Code, _ message: String, nextStep: String? = nil) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }
}

extension RegistryError: CustomStringConvertible {
    public var description: String {
        guard let nextStep else { return message }
        return "\(message)\n  → \(nextStep)"
    }
}
