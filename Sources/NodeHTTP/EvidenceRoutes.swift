import AnchorNode
import AttestationFormat
import HTTPTypes
import Hummingbird
import NIOCore

/// A page was not taken in time.
private struct ReaderTooSlow: Error {}

/// `GET /evidence?subject=…|gateway=…[&from=…&to=…][&start=…]`: one node's batches with its receipts, as evidence.
///
/// A page has at most 16 MiB and 512 batches that disclose events; `harborseal-next` names the start of the next page. When as many pages
/// as memory is set aside for are on their way, the answer is 503, with `Retry-After`.
struct EvidenceRoutes {
    static let nextHeader = HTTPField.Name("harborseal-next")
    /// Bytes written at once; the next follow when the reader has taken these.
    private static let pieceByteCount = 65_536
    /// A page of 16 MiB takes as long at 1 Mbit a second; who reads more slowly asks for less, with from and to.
    private static let longestReading = Duration.seconds(130)

    let desk: EvidenceDesk

    func add(to router: Router<NodeRequestContext>) {
        let desk = desk
        router.get("evidence") { request, context in
            let query = try Self.query(request)
            guard let place = desk.takePlace() else {
                throw Problem(
                    status: .serviceUnavailable, title: "too many ask at once",
                    detail: "the node makes \(EvidenceDesk.pageLimit) pages at a time: ask again in a few seconds",
                    retryAfterSeconds: 2)
            }
            guard let page = try await desk.page(query) else {
                throw Problem(
                    status: .notFound, title: "nothing about this",
                    detail: "this node holds no such event; another node may, or the time range is too narrow")
            }
            return Self.response(page, place, context)
        }
    }

    private static func response(_ page: EvidencePage, _ place: EvidenceDesk.Place, _ context: NodeRequestContext) -> Response {
        var headers: HTTPFields = [.contentType: "application/vnd.harborseal.evidence+cbor"]
        if let next = page.nextStart, let name = nextHeader { headers[name] = String(next) }
        let deadline = ContinuousClock.now + longestReading
        let body = ResponseBody(contentLength: page.evidence.count) { writer in
            var rest = ByteBuffer(bytes: page.evidence)
            while let piece = rest.readSlice(length: min(pieceByteCount, rest.readableBytes)), piece.readableBytes > 0 {
                // What is thrown here ends the connection: a page cut short is not taken for a whole one.
                guard ContinuousClock.now < deadline else { throw ReaderTooSlow() }
                try await writer.write(piece)
                try await context.takesWrites()
            }
            withExtendedLifetime(place) {}
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func query(_ request: Request) throws -> EvidenceQuery {
        let parameters = request.uri.queryParameters
        func seconds(_ name: String, _ otherwise: Int64) throws -> Int64 {
            guard let text = parameters[name[...]] else { return otherwise }
            guard let value = Int64(text) else { throw bad("\(name) is not a number: give seconds since 1970") }
            return value
        }
        let from = try seconds("from", 0)
        let to = try seconds("to", .max)
        guard from <= to else { throw bad("from is after to") }
        let start = try seconds("start", 0)
        switch (parameters["subject"], parameters["gateway"]) {
        case (let subject?, nil):
            return EvidenceQuery(.subject(String(subject)), issuedSeconds: from...to, start: start)
        case (nil, let gateway?):
            guard let gatewayID = GatewayID(UTF8Text(String(gateway))) else {
                throw bad("gateway is <firm>.<device>, of a-z 0-9 -")
            }
            return EvidenceQuery(.gateway(gatewayID), issuedSeconds: from...to, start: start)
        default: throw bad("give either subject or gateway")
        }
    }

    private static func bad(_ detail: String) -> Problem {
        Problem(status: .badRequest, title: "this cannot be asked", detail: detail)
    }
}
