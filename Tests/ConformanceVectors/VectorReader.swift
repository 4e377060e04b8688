import AttestationFormat
import DeviceCrypto
import Foundation
import MerkleTree

/// Verifies what another implementation made, in the form that ``VectorWriter`` describes, and that a changed bit is refused.
struct VectorReader {
    private struct Batch {
        let statement: [UInt8]
        let proofs: [(event: [UInt8], proof: [UInt8])]
        let receipts: [[UInt8]]
    }

    private let gatewayVerifier: P256Verifier
    private let trustFile: TrustFile
    private let batches: [Batch]
    private let issuingVerifier: P256Verifier
    private let registrations: [[UInt8]]

    init(path: String) throws {
        var reader = CBORReader(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        try reader.readArray(4)
        let gatewayKey = try VectorReader.readKey(from: &reader)
        let nodeKey = try VectorReader.readKey(from: &reader)
        guard let verifier = P256Verifier(publicKey: gatewayKey) else { throw ConformanceError("the gateway's key is not on the curve") }
        gatewayVerifier = verifier
        trustFile = try VectorReader.trustFile(of: nodeKey)
        var batches: [Batch] = []
        for _ in 0..<(try reader.readArray()) { batches.append(try VectorReader.readBatch(from: &reader)) }
        try reader.readArray(2)
        guard let issuing = P256Verifier(publicKey: try VectorReader.readKey(from: &reader)) else {
            throw ConformanceError("the issuing key is not on the curve")
        }
        issuingVerifier = issuing
        var registrations: [[UInt8]] = []
        for _ in 0..<(try reader.readArray()) { registrations.append(try reader.readBytes()) }
        try reader.finish()
        self.registrations = registrations
        self.batches = batches
    }

    private static func readKey(from reader: inout CBORReader) throws -> PublicKey {
        guard let key = PublicKey(uncompressedPoint: try reader.readBytes()) else { throw ConformanceError("a key is no point") }
        return key
    }

    private static func readBatch(from reader: inout CBORReader) throws -> Batch {
        try reader.readArray(3)
        let statement = try reader.readBytes()
        var proofs: [(event: [UInt8], proof: [UInt8])] = []
        for _ in 0..<(try reader.readArray()) {
            try reader.readArray(2)
            proofs.append((try reader.readBytes(), try reader.readBytes()))
        }
        var receipts: [[UInt8]] = []
        for _ in 0..<(try reader.readArray()) { receipts.append(try reader.readBytes()) }
        return Batch(statement: statement, proofs: proofs, receipts: receipts)
    }

    /// An alliance of the one node `hk-1`, so that receipts go through the whole of section 5's list.
    private static func trustFile(of nodeKey: PublicKey) throws -> TrustFile {
        guard let node = NodeName(issuer: "hs:gba-demo/node/hk-1") else { throw ConformanceError("the node's name is not allowed") }
        let rootKey = try SigningKey.generate()
        var content = TrustContent(
            alliance: node.alliance, version: 1, rootCertificate: [0], linkCertificate: [0], quorum: .init(receiptsNeeded: 1))
        content.nodes = [.init(name: node.node, origin: node.origin, keys: [.init(publicKey: nodeKey, fromSeconds: 0)])]
        let keyID = rootKey.publicKey.keyID(using: SHA256.self)
        let signature = try rootKey.sign(UnverifiedTrustFile.bytesToSign(content: content, keyID: keyID, issuedAtSeconds: 1))
        let file = UnverifiedTrustFile.encode(content: content, keyID: keyID, issuedAtSeconds: 1, signature: signature)
        return try UnverifiedTrustFile(parsing: file).verified(
            rootKey: rootKey.publicKey, verifier: P256Verifier.self, using: SHA256.self)
    }

    /// - Throws: ``ConformanceError`` that names the first message whose answer is wrong.
    func verify() throws {
        var counts = (statements: 0, proofs: 0, receipts: 0)
        for batch in batches {
            let statement = try Statement(parsing: batch.statement)
            let size = statement.header.count
            try expect(statement.isSignatureValid(using: gatewayVerifier), "statement of \(size)")
            try expect(!isGood(statement: changed(batch.statement)), "changed statement of \(size)")
            counts.statements += 1
            for (place, pair) in batch.proofs.enumerated() {
                _ = try EventView(parsing: pair.event)
                try expect(isGood(proof: pair.proof, of: pair.event), "event-proof \(place) of \(size)")
                try expect(!isGood(proof: pair.proof, of: changed(pair.event)), "event-proof \(place) of \(size), changed event")
                try expect(!isGood(proof: changed(pair.proof), of: pair.event), "changed event-proof \(place) of \(size)")
                counts.proofs += 1
            }
            for receipt in batch.receipts {
                try expect(isGood(receipt: receipt, for: statement), "receipt of \(size)")
                try expect(!isGood(receipt: changed(receipt), for: statement), "changed receipt of \(size)")
                counts.receipts += 1
            }
        }
        for (place, registration) in registrations.enumerated() {
            try expect(isGood(registration: registration), "registration \(place)")
            try expect(!isGood(registration: changed(registration)), "changed registration \(place)")
        }
        try expect(!registrations.isEmpty, "registrations, of which there are none")
        print("verified here: \(counts.statements) statements, \(counts.proofs) event-proofs, \(counts.receipts) receipts, "
            + "\(registrations.count) registrations; changed ones refused")
    }

    private func isGood(statement bytes: [UInt8]) -> Bool {
        (try? Statement(parsing: bytes))?.isSignatureValid(using: gatewayVerifier) ?? false
    }

    private func isGood(registration bytes: [UInt8]) -> Bool {
        guard let statement = try? RegistrationStatement(parsing: bytes), statement.header.issuer == "hs:gba-demo/acme" else { return false }
        return statement.isSignatureValid(using: issuingVerifier)
    }

    private func isGood(proof bytes: [UInt8], of event: [UInt8]) -> Bool {
        guard let proof = try? EventProof(parsing: bytes) else { return false }
        return (try? proof.verify(eventBytes: event, verifier: gatewayVerifier, using: SHA256.self)) != nil
    }

    private func isGood(receipt bytes: [UInt8], for statement: Statement) -> Bool {
        guard let receipt = try? UnverifiedReceipt(parsing: bytes) else { return false }
        return (try? receipt.verified(for: statement, trustFile: trustFile, verifier: P256Verifier.self, using: SHA256.self)) != nil
    }

    /// One bit changed, at a place that the bytes themselves choose.
    private func changed(_ bytes: [UInt8]) -> [UInt8] {
        let choice = SHA256.hash(bytes).bytes
        var changed = bytes
        changed[(Int(choice[0]) << 8 | Int(choice[1])) % bytes.count] ^= 1 << (choice[2] % 8)
        return changed
    }

    private func expect(_ isSo: Bool, _ what: String) throws {
        if !isSo { throw ConformanceError("the answer for the \(what) is wrong") }
    }
}
