import AnchorNode
import AttestationFormat
import HTTPTypes
import Hummingbird
import MerkleTree
import NIOCore

/// `POST /entries` of SCRAPI, for registrations and revocations of firms, and `GET /alliance.hstrust`.
///
/// Batches come by the brokers: what a gateway signs is refused here.
struct RegistrationRoutes {
    private static let mediaType = "application/cose"
    /// Until a firm's bucket has room for some entries again.
    private static let retrySeconds = 10

    let reader: any LedgerReading
    let entries: any EntryTaking

    func add(to router: Router<NodeRequestContext>) {
        let (reader, entries) = (reader, entries)
        router.post("entries") { request, _ in
            let bytes = try await Self.body(of: request)
            do {
                return Self.answer(try await entries.submit(entry: bytes))
            } catch let refusal as EntryRefusal {
                throw Self.problem(refusal)
            }
        }
        router.get("alliance.hstrust") { _, _ in
            guard let bytes = try reader.trustFile() else {
                throw Problem(status: .notFound, title: "no trust file", detail: "this ledger has none yet; ask another node")
            }
            return BinaryBody(bytes: bytes, contentType: Self.mediaType)
        }
    }

    /// 201 with the receipt, 200 for what the ledger has already, 303 while there is no receipt yet. What the ledger has may be another statement over
    /// the same certificate or list: `Location` names it.
    private static func answer(_ entry: SubmittedEntry) -> Response {
        let location = "/entries/\(Hexadecimal.text(of: entry.id.bytes).string)"
        guard let receipt = entry.receipt else { return Response(status: .seeOther, headers: [.location: location]) }
        return Response(
            status: entry.isNew ? .created : .ok,
            headers: [.location: location, .contentType: "application/scitt-receipt+cose"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: receipt)))
    }

    /// The body, at most as large as a statement may be; who announces more is told so before it is read.
    private static func body(of request: Request) async throws -> [UInt8] {
        let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.trimmingSpaces.lowercased() }
        guard type == mediaType else {
            throw Problem(
                status: .unsupportedMediaType, title: "not a signed statement", detail: "send a COSE_Sign1 as \(mediaType)")
        }
        let limit = Limits.registrationByteCount
        let tooLarge = Problem(status: .contentTooLarge, title: "too large", detail: "a statement has at most \(limit) bytes")
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit { throw tooLarge }
        do {
            return Array(try await request.body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private static func problem(_ refusal: EntryRefusal) -> Problem {
        switch refusal.code {
        case .malformed: Problem(status: .badRequest, title: "malformed", detail: refusal.reason)
        case .rejected: Problem(status: .badRequest, title: "rejected", detail: refusal.reason)
        case .stale: Problem(status: .conflict, title: "stale", detail: refusal.reason)
        case .limited:
            Problem(status: .tooManyRequests, title: "too many of one firm", detail: refusal.reason, retryAfterSeconds: retrySeconds)
        case .busy: Problem(status: .serviceUnavailable, title: "busy", detail: refusal.reason)
        case .stopping: Problem(status: .serviceUnavailable, title: "stopping", detail: refusal.reason)
        }
    }
}

extension Substring {
    /// Without the spaces that RFC 9110 allows around a parameter.
    fileprivate var trimmingSpaces: Substring {
        var trimmed = self.drop { $0 == " " || $0 == "\t" }
        while trimmed.last == " " || trimmed.last == "\t" { trimmed = trimmed.dropLast() }
        return trimmed
    }
}

/// A ledger that is only read.
struct NoEntries: EntryTaking {
    func submit(entry: [UInt8]) async throws -> SubmittedEntry {
        throw EntryRefusal(.rejected, "this ledger is only read here")
    }
}
