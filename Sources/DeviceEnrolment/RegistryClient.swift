public import AttestationFormat
public import DeviceCrypto
public import MerkleTree

/// Which certificate is asked for: an EST server has a label for each (RFC 7030, 3.2.2).
public enum CertificateRole: Sendable {
    /// Signs evidence.
    case seal
    /// TLS to broker and registry.
    case link

    var label: StaticString { self == .seal ? "seal" : "link" }

    var usage: UnverifiedCertificate.Usages { self == .seal ? .documentSigning : .clientAuthentication }
}

/// Enrolment over Secure Transport (RFC 7030), a gateway's side of it.
public struct RegistryClient {
    public let address: RegistryAddress
    /// The link CA's certificate in DER: the only one that the registry's may come from.
    public let anchor: [UInt8]
    /// This gateway's link certificate in DER and its key, once it has them.
    public var identity: (certificate: [UInt8], key: SigningKey)?
    public let time: BelievedTime

    public init(
        _ address: RegistryAddress, anchor: [UInt8], identity: (certificate: [UInt8], key: SigningKey)? = nil, time: BelievedTime
    ) {
        self.address = address
        self.anchor = anchor
        self.identity = identity
        self.time = time
    }

    /// The CA certificate whose hash somebody was given by a way that he trusts (RFC 7030, 4.1.1). Whoever answers, nothing else of the
    /// answer counts; what is sent to the registry later goes to one that this certificate vouches for.
    ///
    /// - Throws: `anchorUnknown` if none has it.
    public static func anchor(withHash hash: Digest, from address: RegistryAddress) throws(EnrolmentError) -> [UInt8] {
        let connection = try RegistryConnection(address, anchor: nil, identity: nil, time: .notBefore(0))
        let answer = try connection.exchange(request("GET", "/.well-known/est/link/cacerts", address))
        for certificate in try certificates(answer, address, limit: 16) where SHA256.hash(certificate.span) == hash { return certificate }
        throw EnrolmentError(.anchorUnknown, address.text)
    }

    /// Asks for the CA certificates: whether the registry answers, accepts ``identity``, and what time it says it is (seconds since
    /// 1970), which is as true as its certificate.
    public func probe() throws(EnrolmentError) -> Int64? {
        let answer = try get("/.well-known/est/link/cacerts")
        guard answer.status == 200 else { throw refusal(answer) }
        return answer.dateSeconds
    }

    /// A certificate for a request: a first one by a one-time code (`simpleenroll`, RFC 7030, 4.2.1), without a code a further one by
    /// the link certificate (`simplereenroll`, 4.2.2).
    public func certificate(
        _ role: CertificateRole, _ request: [UInt8], gateway: GatewayID, code: EnrolmentCode?
    ) throws(EnrolmentError) -> [UInt8] {
        var fields = Array("Content-Type: application/pkcs10\r\nContent-Transfer-Encoding: base64\r\n".utf8)
        if let code {
            fields += Array("Authorization: Basic ".utf8) + Base64.encode((gateway.text + ":" + code.text).bytes) + [13, 10]
        }
        let path = "/.well-known/est/\(role.label.description)/\(code == nil ? "simplereenroll" : "simpleenroll")"
        let answer = try exchange(Self.request("POST", path, address, fields: fields, body: Base64.encode(request)))
        // Without a code it is the certificate that is not known, and the registry's words say so.
        if answer.status == 401, code == nil { throw EnrolmentError(.forbidden, answer.words) }
        guard answer.status == 200, let certificate = try Self.certificates(answer, address, limit: 1).first else { throw refusal(answer) }
        return certificate
    }

    /// The alliance's trust file as the registry has it, not yet believed.
    ///
    /// - Parameter hash: of the file that an enrolment text names, which may have a successor by now. A registry that never had it gives the
    ///   one in force, as without.
    public func trustFile(named hash: Digest?) throws(EnrolmentError) -> [UInt8] {
        var answer = try get("/alliance.hstrust" + (hash.map { "?sha256=" + $0.hexadecimal } ?? ""))
        if hash != nil, answer.status == 404 { answer = try get("/alliance.hstrust") }
        guard answer.status == 200 else { throw refusal(answer) }
        return answer.body
    }

    /// Issuing keys that a firm has at once or had, and more.
    private static let listLimit = 8

    /// What the lists that the registry publishes say of a certificate: those of its issuer and, of a seal certificate, of the firm's former
    /// issuing keys. They are as true as the registry's own certificate. A list that is not published, cannot be had or is too large says
    /// nothing: brokers and nodes ask their own. Nil: that is so of the link certificates', which a firm's own registry does not make.
    func revocation(of certificate: UnverifiedCertificate, _ role: CertificateRole, firm: Name) -> RevocationList.Entry? {
        var list = role == .link ? "link" : firm.text.string
        for number in 2...Self.listLimit + 1 {
            guard let answer = try? get("/crl/" + list + ".crl"), answer.status == 200 else { return role == .link ? nil : .absent }
            let entry = RevocationList.entry(of: certificate.serialNumber, in: answer.body) ?? .absent
            if entry != .absent || role == .link { return entry }
            list = firm.text.string + "." + String(number)
        }
        return .absent
    }

    private func get(_ path: String) throws(EnrolmentError) -> HTTPAnswer { try exchange(Self.request("GET", path, address)) }

    private func exchange(_ request: [UInt8]) throws(EnrolmentError) -> HTTPAnswer {
        try RegistryConnection(address, anchor: anchor, identity: identity, time: time).exchange(request)
    }

    private static func request(
        _ method: StaticString, _ path: String, _ address: RegistryAddress, fields: [UInt8] = [], body: [UInt8]? = nil
    ) -> [UInt8] {
        let length = body.map { "Content-Length: \($0.count)\r\n" } ?? ""
        let head = "\(method.description) \(path) HTTP/1.1\r\nHost: \(address.text.string)\r\nConnection: close\r\n\(length)"
        return Array(head.utf8) + fields + [13, 10] + (body ?? [])
    }

    private static func certificates(_ answer: HTTPAnswer, _ address: RegistryAddress, limit: Int) throws(EnrolmentError) -> [[UInt8]] {
        guard answer.status == 200, answer.value("content-type")?.starts(with: Array("application/pkcs7-mime".utf8)) ?? false,
            let message = Base64.decode(answer.body), let found = try? CertificatesOnly.certificates(in: message, limit: limit)
        else { throw EnrolmentError(.malformed, address.text) }
        return found
    }

    /// RFC 7030, 4.2.3, and RFC 9110.
    private func refusal(_ answer: HTTPAnswer) -> EnrolmentError {
        let words = answer.words
        // A registry of ours says which of a status's refusals it is, where each has its own step.
        if let code = answer.value("harborseal-refusal") {
            if code.elementsEqual("codeLocked".utf8) { return EnrolmentError(.codeLocked) }
            if code.elementsEqual("linkKeyReplaced".utf8) || code.elementsEqual("deviceReplaced".utf8) { return EnrolmentError(.superseded, ": " + words) }
        }
        switch answer.status {
        case 202: return EnrolmentError(.pending(answer.retrySeconds ?? 60))
        case 400: return EnrolmentError(.requestRefused, words)
        case 401: return EnrolmentError(.codeRefused, words)
        case 403: return EnrolmentError(.forbidden, words)
        case 429: return EnrolmentError(.tooManyTries(answer.retrySeconds ?? 0), words)
        case 500...599: return EnrolmentError(.unavailable(answer.status), words)
        default: return EnrolmentError(.unexpected(answer.status), words)
        }
    }
}
