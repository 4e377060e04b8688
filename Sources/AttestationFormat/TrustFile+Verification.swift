public import MerkleTree

extension UnverifiedTrustFile {
    /// Verifies a first file: signed by the key of its own root certificate. How the holder came by it is what makes it
    /// trusted, or the hash that it was given.
    ///
    /// - Parameters:
    ///   - rootKey: the key of `content.rootCertificate`, read by the caller, who has the means to parse certificates.
    ///   - pinnedHash: SHA-256 of the file, when the holder was given it.
    /// - Throws: ``VerificationError`` that names the rule of section 9.
    public func verified<Hash: HashFunction, Verifier: SignatureVerifier>(
        rootKey: PublicKey, pinnedHash: Digest? = nil, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> TrustFile {
        if let pinnedHash, pinnedHash != self.hash(using: hash) { throw .pinnedHash }
        return try accepted(signedBy: rootKey, rootKey: rootKey, verifier: verifier, using: hash)
    }

    /// Verifies an update: signed by the root key of the file already held, the same alliance, a higher version.
    ///
    /// - Parameter rootKey: the key of this file's own root certificate, under which the update after it must verify.
    /// - Throws: ``VerificationError`` that names the rule of section 9.
    public func verified<Hash: HashFunction, Verifier: SignatureVerifier>(
        asUpdateOf held: TrustFile, rootKey: PublicKey, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> TrustFile {
        guard content.alliance == held.content.alliance else { throw .alliance }
        guard content.version > held.content.version else { throw .version }
        return try accepted(signedBy: held.rootKey, rootKey: rootKey, verifier: verifier, using: hash)
    }

    private func accepted<Hash: HashFunction, Verifier: SignatureVerifier>(
        signedBy signer: PublicKey, rootKey: PublicKey, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> TrustFile {
        guard keyID == signer.keyID(using: hash) else { throw .rootKey }
        guard let verifier = Verifier(publicKey: signer), verifier.isValid(signature, for: message.bytesToVerify()) else {
            throw .signature
        }
        try content.checkRules(issuedAtSeconds: issuedAtSeconds)
        var nodeKeys: [TrustFile.NodeKeyEntry] = []
        for (index, node) in content.nodes.enumerated() {
            for key in node.keys {
                nodeKeys.append(.init(keyID: key.publicKey.keyID(using: hash), nodeIndex: index, key: key))
            }
        }
        return TrustFile(
            bytes: bytes, content: content, issuedAtSeconds: issuedAtSeconds, rootKey: rootKey, nodeKeys: nodeKeys)
    }
}

extension TrustContent {
    /// Checks the rules of section 9 that a signature cannot heal: a majority, and nothing that stands twice.
    ///
    /// - Parameter issuedAtSeconds: the file's iat, at which nodes count as in force.
    /// - Throws: `noMajority`, `keyTwice` or `nameTwice`.
    public func checkRules(issuedAtSeconds: UInt64) throws(VerificationError) {
        var names: [[UInt8]] = []
        var firmNames: [[UInt8]] = []
        var keys: [[UInt8]] = []
        for firm in firms { firmNames.append(firm.name.text.bytes) }
        // An origin is made of the node's name, so that the one stands twice only when the other does.
        for node in nodes {
            names.append(node.name.text.bytes)
            for key in node.keys { keys.append(key.publicKey.uncompressedPoint) }
            if let logKey = node.logKey { keys.append(logKey) }
            if let witnessKey = node.witnessKey { keys.append(witnessKey) }
        }
        if TrustContent.hasRepetition(names) || TrustContent.hasRepetition(firmNames) { throw .nameTwice }
        if TrustContent.hasRepetition(keys) { throw .keyTwice }
        // More than half, without doubling a number of the file's.
        guard quorum.receiptsNeeded > UInt64(nodeCount(inForceAtSeconds: issuedAtSeconds) / 2) else { throw .noMajority }
    }

    /// Number of nodes that have a key whose `until` is nil or later than a time: those of which a quorum is a majority.
    public func nodeCount(inForceAtSeconds seconds: UInt64) -> Int {
        var count = 0
        for node in nodes {
            let isInForce = node.keys.contains { key in key.untilSeconds.map { $0 > seconds } ?? true }
            if isInForce { count += 1 }
        }
        return count
    }

    private static func hasRepetition(_ values: [[UInt8]]) -> Bool {
        let order = SortedOrder.indices(values.count) { values[$0].lexicographicallyPrecedes(values[$1]) }
        for place in order.indices.dropFirst() where values[order[place - 1]] == values[order[place]] { return true }
        return false
    }
}

// MARK: - Making

extension UnverifiedTrustFile {
    /// The protected header of a trust file.
    private static func encodedHeader(_ content: TrustContent, keyID: Digest, issuedAtSeconds: UInt64) -> [UInt8] {
        var writer = CBORWriter(reserving: 160)
        writer.beginMap(5)
        writer.writeAlgorithm()
        writer.write(key: 3, .unsigned(60))
        writer.write(UInt64(4))
        writer.write(keyID)
        writer.writeClaims(issuer: "hs:" + content.alliance.text, subject: "trust", issuedAtSeconds: issuedAtSeconds)
        writer.write(key: 16, UnverifiedTrustFile.type)
        return writer.bytes
    }

    /// The Sig_structure that the root key signs.
    public static func bytesToSign(content: TrustContent, keyID: Digest, issuedAtSeconds: UInt64) -> [UInt8] {
        COSESign1.bytesToSign(
            protectedHeader: encodedHeader(content, keyID: keyID, issuedAtSeconds: issuedAtSeconds)[...],
            payload: content.encoded()[...])
    }

    /// The file's bytes, with the signature over ``bytesToSign(content:keyID:issuedAtSeconds:)``.
    public static func encode(
        content: TrustContent, keyID: Digest, issuedAtSeconds: UInt64, signature: Signature
    ) -> [UInt8] {
        COSESign1.encode(
            protectedHeader: encodedHeader(content, keyID: keyID, issuedAtSeconds: issuedAtSeconds)[...], proof: nil,
            payload: content.encoded()[...], signature: signature)
    }
}
