extension TrustContent {
    /// The payload's deterministic bytes.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 2_048)
        let optionalCount =
            (contracts.isEmpty ? 0 : 1) + (revocationListURLs.isEmpty ? 0 : 1) + (notAfterSeconds == nil ? 0 : 1)
        writer.beginMap(8 + optionalCount)
        writer.write(key: 1, .unsigned(1))
        writer.write(key: 2, alliance.text)
        writer.write(key: 3, .unsigned(version))
        writer.write(key: 4, rootCertificate)
        writer.write(UInt64(5))
        writer.beginArray(firms.count)
        for firm in firms { firm.write(to: &writer) }
        writer.write(UInt64(6))
        writer.beginArray(nodes.count)
        for node in nodes { node.write(to: &writer) }
        writer.write(UInt64(7))
        quorum.write(to: &writer)
        writer.write(key: 8, linkCertificate)
        writeOptional(to: &writer)
        return writer.bytes
    }

    /// Keys 9 to 11.
    private func writeOptional(to writer: inout CBORWriter) {
        if !contracts.isEmpty {
            writer.write(UInt64(9))
            writer.beginArray(contracts.count)
            for contract in contracts { contract.write(to: &writer) }
        }
        if !revocationListURLs.isEmpty {
            writer.write(UInt64(10))
            writer.beginArray(revocationListURLs.count)
            for url in revocationListURLs { writer.write(url) }
        }
        if let notAfterSeconds { writer.write(key: 11, .unsigned(notAfterSeconds)) }
    }
}

extension TrustContent.Firm {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginMap(untilSeconds == nil ? 2 : 3)
        writer.write(key: 1, name.text)
        writer.write(UInt64(2))
        writer.write(list: issuingCertificates)
        if let untilSeconds { writer.write(key: 3, .unsigned(untilSeconds)) }
    }
}

extension TrustContent.Node {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginMap(3 + (logKey == nil ? 0 : 1) + (witnessKey == nil ? 0 : 1) + (url == nil ? 0 : 1))
        writer.write(key: 1, name.text)
        writer.write(key: 2, origin)
        writer.write(UInt64(3))
        writer.beginArray(keys.count)
        for key in keys {
            writer.beginArray(3)
            key.publicKey.write(to: &writer)
            writer.write(key.fromSeconds)
            if let until = key.untilSeconds { writer.write(until) } else { writer.writeNull() }
        }
        if let logKey { writer.write(key: 4, logKey) }
        if let witnessKey { writer.write(key: 5, witnessKey) }
        if let url { writer.write(key: 6, url) }
    }
}

extension TrustContent.Quorum {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginMap(cosignaturesNeeded == nil ? 2 : 3)
        writer.write(key: 1, .unsigned(receiptsNeeded))
        if let cosignaturesNeeded { writer.write(key: 2, .unsigned(cosignaturesNeeded)) }
        writer.write(key: 3, policy.word)
    }
}

extension TrustContent.Contract {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginMap(3)
        writer.write(key: 1, .unsigned(chainID))
        writer.write(key: 2, address)
        writer.write(key: 3, origin)
    }
}

extension CBORWriter {
    /// A small map key and its text.
    mutating func write(key: UInt64, _ value: UTF8Text) {
        write(key)
        write(value)
    }

    /// A small map key and its byte string.
    mutating func write(key: UInt64, _ value: [UInt8]) {
        write(key)
        write(value)
    }
}
