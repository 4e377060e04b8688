public import MerkleTree

extension UnverifiedReceipt {
    /// Checks section 5's list: the node is in the trust file with this kid at this iat; iss, sub and origin fit; the signed tree size
    /// is the proof's; the path leads from this statement; the signature is valid. (typ and the unprotected map were checked by parsing.)
    ///
    /// Whether `held` is large enough, whether a second receipt of the same node counts, and whether two roots of one size agree, is the caller's
    /// to judge.
    ///
    /// - Throws: ``VerificationError`` that names the first rule broken.
    public func verified<Hash: HashFunction, Verifier: SignatureVerifier>(
        for statement: Statement, trustFile: TrustFile, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> Receipt {
        try verified(
            subject: statement.header.subject, leafHash: statement.leafHash(using: hash), trustFile: trustFile, verifier: verifier,
            using: hash)
    }

    /// The same for a registration or revocation, whose receipts have `held` 0.
    ///
    /// - Throws: ``VerificationError`` that names the first rule broken.
    public func verified<Hash: HashFunction, Verifier: SignatureVerifier>(
        for statement: RegistrationStatement, trustFile: TrustFile, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> Receipt {
        try verified(
            subject: statement.header.subject, leafHash: statement.leafHash(using: hash), trustFile: trustFile, verifier: verifier,
            using: hash)
    }

    private func verified<Hash: HashFunction, Verifier: SignatureVerifier>(
        subject: UTF8Text, leafHash: Digest, trustFile: TrustFile, verifier: Verifier.Type, using hash: Hash.Type
    ) throws(VerificationError) -> Receipt {
        guard let entry = trustFile.node(forKeyID: header.keyID) else { throw .unknownKey }
        guard entry.key.isInForce(atSeconds: header.issuedAtSeconds) else { throw .keyNotInForce }
        guard header.node == NodeName(alliance: trustFile.content.alliance, node: entry.node.name) else { throw .issuer }
        guard header.origin == entry.node.origin else { throw .origin }
        guard header.subject == subject else { throw .subject }
        let root = try root(over: leafHash, using: hash)
        guard let verifier = Verifier(publicKey: entry.key.publicKey),
            verifier.isValid(signature, for: message.bytesToVerify(detachedPayload: root.bytes))
        else { throw .signature }
        return Receipt(bytes: bytes, header: header, index: proof.index, root: root)
    }

    /// The ledger's root that the proof leads to from a leaf.
    private func root<Hash: HashFunction>(
        over leafHash: Digest, using hash: Hash.Type
    ) throws(VerificationError) -> Digest {
        guard header.treeSize == proof.size else { throw .treeSize }
        guard proof.index < proof.size else { throw .index }
        guard let root = proof.root(leafHash: leafHash, using: hash) else { throw .path }
        return root
    }
}
