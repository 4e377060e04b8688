extension TrustContent {
    /// Parses the payload of a trust file. Unknown keys are passed: a later version may say more.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1, 2 and 9 do not allow.
    init(reading reader: CBORReader) throws(FormatError) {
        var reader = reader
        let start = reader.position
        var draft = Draft()
        var map = try LabelledMap(from: &reader, depth: 0)
        while let key = try map.nextLabel(from: &reader) {
            if try !draft.readValue(of: key, from: &reader) { try map.skipValue(from: &reader) }
        }
        try reader.finish()
        self = try draft.content(at: start)
    }

    /// Values as they come, in whatever order.
    private struct Draft {
        var formatVersion: UInt64?
        var alliance: Name?
        var version: UInt64?
        var rootCertificate: [UInt8]?
        var firms: [Firm]?
        var nodes: [Node]?
        var quorum: Quorum?
        var linkCertificate: [UInt8]?
        var contracts: [Contract] = []
        var revocationListURLs: [UTF8Text] = []
        var notAfterSeconds: UInt64?

        mutating func readValue(of key: Int64, from reader: inout CBORReader) throws(FormatError) -> Bool {
            switch key {
            case 1: formatVersion = try reader.readUnsigned()
            case 2: alliance = try reader.readName()
            case 3: version = try reader.readUnsigned()
            case 4: rootCertificate = try reader.readBytes()
            case 5: firms = try reader.readList { (reader) throws(FormatError) in try Firm(reading: &reader) }
            case 6: nodes = try reader.readList { (reader) throws(FormatError) in try Node(reading: &reader) }
            case 7: quorum = try Quorum(reading: &reader)
            case 8: linkCertificate = try reader.readBytes()
            case 9: contracts = try reader.readList { (reader) throws(FormatError) in try Contract(reading: &reader) }
            case 10:
                revocationListURLs = try reader.readList(atLeast: 1) { (reader) throws(FormatError) in
                    try reader.readText()
                }
            case 11: notAfterSeconds = try reader.readUnsigned()
            default: return false
            }
            return true
        }

        func content(at start: Int) throws(FormatError) -> TrustContent {
            guard try require(formatVersion, 1, at: start) == 1 else { throw FormatError(.unexpectedValue, at: start) }
            var content = TrustContent(
                alliance: try require(alliance, 2, at: start), version: try require(version, 3, at: start),
                rootCertificate: try require(rootCertificate, 4, at: start),
                linkCertificate: try require(linkCertificate, 8, at: start), quorum: try require(quorum, 7, at: start))
            content.firms = try require(firms, 5, at: start)
            content.nodes = try require(nodes, 6, at: start)
            for node in content.nodes
            where node.origin != NodeName(alliance: content.alliance, node: node.name).origin {
                throw FormatError(.name, at: start)
            }
            content.contracts = contracts
            content.revocationListURLs = revocationListURLs
            content.notAfterSeconds = notAfterSeconds
            return content
        }
    }
}

/// A value of a map that must be there.
private func require<Value>(_ value: Value?, _ key: Int64, at offset: Int) throws(FormatError) -> Value {
    guard let value else { throw FormatError(.missingLabel(key), at: offset) }
    return value
}

extension TrustContent.Firm {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        var name: Name?
        var certificates: [[UInt8]]?
        var until: UInt64?
        var map = try LabelledMap(from: &reader, depth: 2)
        while let key = try map.nextLabel(from: &reader) {
            switch key {
            case 1: name = try reader.readName()
            case 2: certificates = try reader.readByteStrings(atLeast: 1)
            case 3: until = try reader.readUnsigned()
            default: try map.skipValue(from: &reader)
            }
        }
        let firm = try require(name, 1, at: start)
        guard firm.text != "node", firm.text != "alliance" else { throw FormatError(.name, at: start) }
        self.init(name: firm, issuingCertificates: try require(certificates, 2, at: start), untilSeconds: until)
    }
}

extension TrustContent.Node {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        var name: Name?
        var origin: UTF8Text?
        var keys: [TrustContent.NodeKey]?
        var logKey: [UInt8]?
        var witnessKey: [UInt8]?
        var url: UTF8Text?
        var map = try LabelledMap(from: &reader, depth: 2)
        while let key = try map.nextLabel(from: &reader) {
            switch key {
            case 1: name = try reader.readName()
            case 2: origin = try reader.readText()
            case 3:
                keys = try reader.readList(atLeast: 1) { (reader) throws(FormatError) in
                    try TrustContent.NodeKey(reading: &reader)
                }
            case 4: logKey = try reader.readBytes(exactly: 32)
            case 5: witnessKey = try reader.readBytes(exactly: 32)
            case 6: url = try reader.readText()
            default: try map.skipValue(from: &reader)
            }
        }
        self.init(
            name: try require(name, 1, at: start), origin: try require(origin, 2, at: start),
            keys: try require(keys, 3, at: start), logKey: logKey, witnessKey: witnessKey, url: url)
    }
}

extension TrustContent.NodeKey {
    /// `[COSE_Key, from, until / nil]`, at depth 5 of the payload.
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        try reader.readArray(3)
        let publicKey = try PublicKey(reading: &reader, depth: 5)
        let from = try reader.readUnsigned()
        self.init(publicKey: publicKey, fromSeconds: from, untilSeconds: try reader.readNull() ? nil : reader.readUnsigned())
    }
}

extension TrustContent.Quorum {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        var receipts: UInt64?
        var cosignatures: UInt64?
        var policy: Policy?
        var map = try LabelledMap(from: &reader, depth: 1)
        while let key = try map.nextLabel(from: &reader) {
            switch key {
            case 1: receipts = try reader.readUnsigned()
            case 2: cosignatures = try reader.readUnsigned()
            case 3:
                let wordStart = reader.position
                policy = Policy(word: try reader.readText())
                if policy == nil { throw FormatError(.unexpectedValue, at: wordStart) }
            default: try map.skipValue(from: &reader)
            }
        }
        self.init(
            receiptsNeeded: try require(receipts, 1, at: start), cosignaturesNeeded: cosignatures,
            policy: try require(policy, 3, at: start))
    }
}

extension TrustContent.Quorum.Policy {
    /// The word in the file.
    public var word: UTF8Text {
        switch self {
        case .receipts: "receipts"
        case .cosigned: "cosigned"
        }
    }

    /// The policy of a word; nil for an unknown one.
    public init?(word: UTF8Text) {
        if word == "receipts" { self = .receipts } else if word == "cosigned" { self = .cosigned } else { return nil }
    }
}

extension TrustContent.Contract {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        var chainID: UInt64?
        var address: [UInt8]?
        var origin: UTF8Text?
        var map = try LabelledMap(from: &reader, depth: 2)
        while let key = try map.nextLabel(from: &reader) {
            switch key {
            case 1: chainID = try reader.readUnsigned()
            case 2: address = try reader.readBytes(exactly: 20)
            case 3: origin = try reader.readText()
            default: try map.skipValue(from: &reader)
            }
        }
        self.init(
            chainID: try require(chainID, 1, at: start), address: try require(address, 2, at: start),
            origin: try require(origin, 3, at: start))
    }
}

extension CBORReader {
    /// Reads a name of section 2.
    mutating func readName() throws(FormatError) -> Name {
        let start = position
        guard let name = Name(bytes: bytes[try readTextRange()]) else { throw FormatError(.name, at: start) }
        return name
    }

    /// Reads a byte string of one length only.
    mutating func readBytes(exactly byteCount: Int) throws(FormatError) -> [UInt8] {
        let start = position
        let range = try readByteString()
        guard range.count == byteCount else { throw FormatError(.unexpectedValue, at: start) }
        return copy(range)
    }

    /// Reads an array of things of one kind.
    mutating func readList<Element>(
        atLeast minimum: Int = 0, atMost maximum: Int = .max, _ readElement: (inout CBORReader) throws(FormatError) -> Element
    ) throws(FormatError) -> [Element] {
        let start = position
        let count = try readArray()
        guard count >= minimum else { throw FormatError(.wrongCount, at: start) }
        guard count <= maximum else { throw FormatError(.limitExceeded, at: start) }
        // Not reserved: elements in memory are larger than in the bytes that have been seen.
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try readElement(&self)) }
        return elements
    }
}
