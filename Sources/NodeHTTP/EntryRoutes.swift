import AnchorNode
import AttestationFormat
import Hummingbird
import MerkleTree

/// `GET /entries/{id}` and `GET /.well-known/scitt-keys`, as far as SCRAPI's reading side goes.
struct EntryRoutes {
    let reader: any LedgerReading

    func add(to router: Router<NodeRequestContext>) {
        let reader = reader
        // The receipt alone by default; with `?statement` the signed statement with the receipt in its unprotected map.
        router.get("entries/:id") { request, context in
            let id = try Self.id(context.parameters.get("id") ?? "")
            guard let entry = try reader.entry(id: id) else {
                throw Problem(status: .notFound, title: "no such entry", detail: "the id is the statement's SHA-256 in hex")
            }
            guard let receipt = entry.receipt else {
                throw Problem(
                    status: .serviceUnavailable, title: "not under a root yet", detail: "ask again in a second")
            }
            guard request.uri.queryParameters["statement"] != nil else {
                return BinaryBody(bytes: receipt, contentType: "application/scitt-receipt+cose")
            }
            let transparent = try TransparentStatement.encode(statement: entry.bytes, receipt: receipt)
            return BinaryBody(bytes: transparent, contentType: "application/scitt-statement+cose")
        }
        router.get(".well-known/scitt-keys") { _, _ in
            BinaryBody(bytes: try reader.keySet(), contentType: "application/cbor")
        }
    }

    private static func id(_ text: String) throws -> Digest {
        guard let bytes = Hexadecimal.bytes(of: UTF8Text(text)), let digest = Digest(bytes) else {
            throw Problem(
                status: .badRequest, title: "not an id", detail: "an id is 64 lower-case hex digits: the statement's SHA-256")
        }
        return digest
    }
}

/// A signed statement with one receipt in its unprotected map, label 394 (RFC 9942, RFC 9943).
enum TransparentStatement {
    static func encode(statement: [UInt8], receipt: [UInt8]) throws -> [UInt8] {
        let statement = try COSESign1(parsing: statement, limit: Limits.registrationByteCount)
        var writer = CBORWriter(reserving: statement.bytes.count + receipt.count + 32)
        writer.writeSign1Tag()
        writer.beginArray(4)
        writer.write(statement.encodedHeader)
        writer.beginMap(1)
        writer.write(UInt64(394))
        writer.beginArray(1)
        writer.write(receipt)
        if let payload = statement.payload { writer.write(payload) } else { writer.writeNull() }
        writer.write(statement.signature.bytes)
        return writer.bytes
    }
}
