import AttestationFormat
import DeviceCrypto
import Foundation
import MerkleTree

/// Makes, for every batch size, a statement, the proof of each of its events, and two receipts.
///
/// The file is `[gateway key, node key, [* [statement, [* [event, event-proof]], [* receipt]]], [issuing key, [* registration]]]`; keys
/// are points of SEC 1. The registrations' payloads are any bytes: what they carry is for the readers of certificates.
struct VectorWriter {
    private let gatewayKey: SigningKey
    private let nodeKey: SigningKey
    private let gateway: GatewayName
    private let node: NodeName

    init() throws {
        gatewayKey = try SigningKey.generate()
        nodeKey = try SigningKey.generate()
        guard let gateway = GatewayName(issuer: "hs:gba-demo/acme.gw-1"), let node = NodeName(issuer: "hs:gba-demo/node/hk-1") else {
            throw ConformanceError("the names of the vectors are not allowed")
        }
        self.gateway = gateway
        self.node = node
    }

    func write(to path: String) throws {
        var first: UInt64 = 0
        var previous = Digest()
        var batches: [(statement: Statement, events: [[UInt8]])] = []
        var ledger = MerkleNodes<SHA256>(leafHashes: [MerkleTree<SHA256>.leafHash(of: UTF8Text("trust file").bytes)])
        for size in ConformanceVectors.batchSizes {
            let events = try (0..<size).map { try event(first + UInt64($0)) }
            let statement = try statement(over: events, first: first, previous: previous)
            batches.append((statement, events))
            ledger.append(leafHash: statement.leafHash(using: SHA256.self))
            first = statement.header.next
            previous = statement.hash(using: SHA256.self)
        }
        var writer = CBORWriter()
        writer.beginArray(4)
        writer.write(gatewayKey.publicKey.uncompressedPoint)
        writer.write(nodeKey.publicKey.uncompressedPoint)
        writer.beginArray(batches.count)
        for (index, batch) in batches.enumerated() {
            try write(batch.statement, batch.events, leafIndex: UInt64(index + 1), ledger, to: &writer)
        }
        try writeRegistrations(to: &writer)
        try Data(writer.bytes).write(to: URL(fileURLWithPath: path))
    }

    private func event(_ sequence: UInt64) throws -> [UInt8] {
        var event = Event(kind: .number(31), wallClockMilliseconds: 1_795_000_000_000 + sequence, monotonicMilliseconds: sequence)
        event.clock = EventClock(source: .ntp, errorMilliseconds: 12)
        event.what = ["https://id.gs1.org/00/395212340000000175"]
        event.position = EventPosition(latitude: 221_987_654, longitude: -1_135_432_100)
        event.readings = [EventReading(sensor: "reefer-air", quantity: 1, value: -18_250 + Int64(sequence))]
        event.documents = [.init(role: "desadv", value: "D-77"), .init(role: "bol", value: "货运-1")]
        event.extensions = [.init(name: "why", value: .text("test")), .init(name: "sequence", integer: Int64(sequence))]
        event.salt = try SecureRandom.bytes(count: 8)
        return try event.encoded()
    }

    private func statement(over events: [[UInt8]], first: UInt64, previous: Digest) throws -> Statement {
        let header = try BatchHeader(
            keyID: gatewayKey.publicKey.keyID(using: SHA256.self), gateway: gateway, epoch: Epoch(0x00C0_FFEE),
            issuedAtSeconds: 1_795_000_000, first: first, count: events.count, previous: previous)
        let root = MerkleTree<SHA256>.root(ofLeafHashes: events.map { MerkleTree<SHA256>.leafHash(of: $0) })
        return Statement(
            header: header, root: root, signature: try gatewayKey.sign(Statement.bytesToSign(header: header, root: root)))
    }

    private func write(
        _ statement: Statement, _ events: [[UInt8]], leafIndex: UInt64, _ ledger: MerkleNodes<SHA256>, to writer: inout CBORWriter
    ) throws {
        let nodes = MerkleNodes<SHA256>(leafHashes: events.map { MerkleTree<SHA256>.leafHash(of: $0) })
        writer.beginArray(3)
        writer.write(statement.bytes)
        writer.beginArray(events.count)
        for (index, event) in events.enumerated() {
            writer.beginArray(2)
            writer.write(event)
            let path = nodes.inclusionPath(index: UInt64(index)) ?? []
            writer.write(EventProof.encode(statement: statement, index: index, path: path))
        }
        // One receipt at the size that the ledger had with this entry as its last, one at its final size.
        writer.beginArray(2)
        for treeSize in [leafIndex + 1, ledger.size] {
            writer.write(try receipt(for: statement, leafIndex: leafIndex, treeSize: treeSize, ledger))
        }
    }

    /// One of each kind, of small, middle and large payloads.
    private func writeRegistrations(to writer: inout CBORWriter) throws {
        let key = try SigningKey.generate()
        let keyID = key.publicKey.keyID(using: SHA256.self)
        let headers = [
            RegistrationHeader(registering: gateway, keyID: keyID, issuedAtSeconds: 1_795_000_000),
            RegistrationHeader(revocationsOf: gateway.firm, in: gateway.alliance, keyID: keyID, issuedAtSeconds: 1_795_000_001),
        ]
        let sizes = [1, 700, 65_000]
        writer.beginArray(2)
        writer.write(key.publicKey.uncompressedPoint)
        writer.beginArray(headers.count * sizes.count)
        for size in sizes {
            for header in headers {
                let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
                let signature = try key.sign(RegistrationStatement.bytesToSign(header: header, payload: payload))
                writer.write(try RegistrationStatement(header: header, payload: payload, signature: signature).bytes)
            }
        }
    }

    private func receipt(
        for statement: Statement, leafIndex: UInt64, treeSize: UInt64, _ ledger: MerkleNodes<SHA256>
    ) throws -> [UInt8] {
        guard let path = ledger.inclusionPath(index: leafIndex, size: treeSize), let root = ledger.root(size: treeSize) else {
            throw ConformanceError("the ledger has no entry \(leafIndex) at size \(treeSize)")
        }
        let header = ReceiptHeader(
            keyID: nodeKey.publicKey.keyID(using: SHA256.self), node: node, subject: statement.header.subject,
            issuedAtSeconds: 1_795_000_070, treeSize: treeSize, held: UInt64(statement.header.count))
        let signature = try nodeKey.sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return UnverifiedReceipt.encode(header: header, index: leafIndex, path: path, signature: signature)
    }
}
