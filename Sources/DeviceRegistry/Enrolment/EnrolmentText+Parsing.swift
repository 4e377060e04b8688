import AttestationFormat
import MerkleTree

extension EnrolmentText {
    /// Reads the text, blanks and line ends around it ignored: `url`, `device` and `code`, each once, `ca`, `trust` and `broker` at most once, in any
    /// order, nothing else.
    ///
    /// - Throws: ``RegistryError`` with code `enrolmentText`; its message never holds the code.
    public init(parsing text: String) throws {
        guard text.utf8.count <= Self.byteLimit else {
            throw Self.refused("the enrolment text is longer than \(Self.byteLimit) bytes")
        }
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        guard rest.hasPrefix(Self.start) else {
            guard rest.hasPrefix("harborseal-enrol:") else { throw Self.refused("an enrolment text begins with \(Self.start)") }
            throw RegistryError(.enrolmentText, "the enrolment text is of a later version", nextStep: "use a later version of this program")
        }
        let fields = try Self.fields(rest.dropFirst(Self.start.count))
        guard let url = fields["url"], let device = fields["device"], let code = fields["code"] else {
            throw Self.refused("the enrolment text lacks \(["url", "device", "code"].filter { fields[$0] == nil }.joined(separator: ", "))")
        }
        guard let gatewayID = GatewayID(UTF8Text(device)) else {
            throw Self.refused("\(PrintableText.line(device, limit: 80)) in the enrolment text is no device, such as acme.gw-1")
        }
        guard let parsedCode = EnrolmentCode(code) else { throw Self.refused("the code in the enrolment text is not 26 letters and digits") }
        try self.init(
            url: url, gatewayID: gatewayID, code: parsedCode, linkAuthorityHash: Self.hash("ca", in: fields),
            trustFileHash: Self.hash("trust", in: fields), brokers: fields["broker"])
    }

    private static func fields(_ text: Substring) throws -> [String: String] {
        var fields: [String: String] = [:]
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            guard let equals = part.firstIndex(of: "=") else { throw refused("a part of the enrolment text has no =") }
            let key = String(part[..<equals])
            guard ["url", "device", "code", "ca", "trust", "broker"].contains(key) else {
                throw refused("the enrolment text has \(PrintableText.line(key, limit: 20)), which is not known here")
            }
            guard fields.updateValue(String(part[part.index(after: equals)...]), forKey: key) == nil else {
                throw refused("the enrolment text has \(key) twice")
            }
        }
        return fields
    }

    private static func hash(_ key: String, in fields: [String: String]) throws -> Digest? {
        guard let text = fields[key] else { return nil }
        guard let bytes = Hexadecimal.bytes(of: UTF8Text(text)), let digest = Digest(bytes) else {
            throw refused("\(key) in the enrolment text is not 64 lower-case hex digits")
        }
        return digest
    }

    /// An address that is `https://HOST[:PORT]`: a path, a query or a user's name would be another place than the technician reads.
    static func checked(url: String) throws -> String {
        let scheme = "https://"
        guard url.hasPrefix(scheme), url.utf8.count <= 300 else {
            throw refused("the registry's address \(PrintableText.line(url, limit: 80)) does not begin with \(scheme)")
        }
        let place = url.dropFirst(scheme.count)
        let isBracketed = place.hasPrefix("[")
        let host = isBracketed ? place.dropFirst().prefix { $0 != "]" } : place.prefix { $0 != ":" }
        let behind = isBracketed ? place.dropFirst(host.count + 2) : place.dropFirst(host.count)
        let isHost = isBracketed
            ? place.dropFirst(host.count + 1).first == "]" && host.utf8.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") }
            : host.utf8.allSatisfy { isHostCharacter($0) }
        let port = behind.dropFirst()
        let isPort = behind.isEmpty || behind.first == ":" && port.utf8.allSatisfy { isDigit($0) } && UInt16(port).map { $0 > 0 } == true
        guard !host.isEmpty, isHost, isPort else {
            throw refused("the registry's address \(PrintableText.line(url, limit: 80)) is not https://HOST or https://HOST:PORT")
        }
        return url
    }

    /// Hosts and ports with commas between.
    static func checked(brokers: String) throws -> String {
        let isPlain = brokers.utf8.allSatisfy { isHostCharacter($0) || ",:[]".utf8.contains($0) }
        guard !brokers.isEmpty, brokers.utf8.count <= 512, isPlain else {
            throw refused("the brokers \(PrintableText.line(brokers, limit: 80)) are not HOST:PORT with commas between")
        }
        return brokers
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func refused(_ message: String) -> RegistryError {
        RegistryError(.enrolmentText, message, nextStep: "copy it whole, or scan the QR code; harborseal device code makes a new one")
    }
}
