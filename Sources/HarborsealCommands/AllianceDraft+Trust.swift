internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

extension AllianceDraft {
    /// Receipts that a file signed now asks for.
    func receiptsNeeded(atSeconds seconds: UInt64) -> UInt64 {
        receiptsNeeded ?? UInt64(nodeCount(inForceAtSeconds: seconds) / 2 + 1)
    }

    /// Why `sign` will refuse the number of receipts that the draft asks for, as it stands; nil: it will not.
    func quorumConcern(atSeconds seconds: UInt64, directory: String) -> String? {
        let count = UInt64(nodeCount(inForceAtSeconds: seconds))
        // Too few nodes are what every alliance begins with.
        guard let receiptsNeeded, count > 0, receiptsNeeded <= count / 2 else { return nil }
        return """
            note: the draft asks for \(receiptsNeeded) of \(count) nodes, and that is no majority: sign will refuse it
              next: harborseal alliance sign --alliance \(directory) --quorum \(count / 2 + 1), or more

            """
    }

    /// What a registry and the nodes lack in the trust file, each with its step; empty: nothing.
    func publicationConcerns(atSeconds seconds: UInt64, directory: String) -> String {
        let firms = firms.filter { ($0.untilSeconds ?? .max) > seconds }.map(\.firm)
        let listed = revocationLists.map(PublishedLists.firm(of:))
        // An earlier version took lists of any name: where there are as many, each firm may have one.
        let nameless = listed.filter { firm in !self.firms.contains { $0.firm == firm } }.count
        let missing = firms.filter { !listed.contains($0) }
        let unlisted = missing.count > nameless ? missing : []
        let silent = nodes.filter { node in node.url == nil && node.keys.contains { ($0.untilSeconds ?? .max) > seconds } }.map(\.node)
        var text = ""
        if let first = unlisted.first {
            text += """
                note: the trust file names no revocation list of \(unlisted.joined(separator: ", ")): nodes fetch none
                  next: with a registry, harborseal alliance sign --alliance \(directory) --revocation-list https://REGISTRY:PORT/crl/\(first).crl, once a firm

                """
        }
        if let first = silent.first {
            text += """
                note: no URL of \(silent.joined(separator: ", ")): a registry cannot bring them registrations and revocations
                  next: with a registry, harborseal alliance add-node \(first) --alliance \(directory) --url https://HOST:PORT, and sign

                """
        }
        return text
    }

    private func nodeCount(inForceAtSeconds seconds: UInt64) -> Int {
        nodes.filter { node in node.keys.contains { key in key.untilSeconds.map { $0 > seconds } ?? true } }.count
    }

    /// The trust file's content, one version above the one signed last.
    func content(atSeconds seconds: UInt64) throws -> TrustContent {
        let alliance = try CheckedNames.name(alliance, as: "an alliance")
        let (version, overflow) = signedVersion.addingReportingOverflow(1)
        guard !overflow else { throw CommandError(.malformed, "the draft's version cannot rise any more") }
        var content = TrustContent(
            alliance: alliance, version: version, rootCertificate: Array(rootCertificate),
            linkCertificate: Array(linkCertificate), quorum: .init(receiptsNeeded: receiptsNeeded(atSeconds: seconds)))
        content.firms = try firms.map { firm in
            TrustContent.Firm(
                name: try CheckedNames.firm(firm.firm), issuingCertificates: firm.certificates.map { Array($0) },
                untilSeconds: firm.untilSeconds)
        }
        content.nodes = try nodes.map { try Self.node($0, alliance: alliance) }
        content.revocationListURLs = revocationLists.map { UTF8Text($0) }
        content.notAfterSeconds = notAfterSeconds
        return content
    }

    private static func node(_ node: Node, alliance: Name) throws -> TrustContent.Node {
        let name = try CheckedNames.name(node.node, as: "a node")
        let keys = try node.keys.map { key in
            guard let x = Hexadecimal.bytes(of: UTF8Text(key.x)).flatMap({ Digest($0) }),
                let y = Hexadecimal.bytes(of: UTF8Text(key.y)).flatMap({ Digest($0) }),
                CryptoVerifier(publicKey: PublicKey(x: x, y: y)) != nil
            else { throw CommandError(.malformed, "a key of node \(node.node) in the draft is no P-256 key") }
            return TrustContent.NodeKey(
                publicKey: PublicKey(x: x, y: y), fromSeconds: key.fromSeconds, untilSeconds: key.untilSeconds)
        }
        return TrustContent.Node(
            name: name, origin: NodeName(alliance: alliance, node: name).origin, keys: keys,
            url: node.url.map { UTF8Text($0) })
    }
}
