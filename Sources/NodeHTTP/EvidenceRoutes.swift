import AnchorNode
import AttestationFormat
import HTTPTypes
import Hummingbird

/// `GET /evidence?subject=…|gateway=…[&from=…&to=…][&start=…]`: one node's batches with its receipts, as evidence.
///
/// A page has at most 16 MiB and 512 batches that disclose events; `harborseal-next` names the start of the next page.
struct EvidenceRoutes {
    static let nextHeader = HTTPField.Name("harborseal-next")

    let reader: any LedgerReading

    func add(to router: Router<BasicRequestContext>) {
        let reader = reader
        router.get("evidence") { request, _ in
            let query = try Self.query(request)
            guard let page = try reader.evidence(query) else {
                throw Problem(
                    status: .notFound, title: "nothing about this",
                    detail: "this node holds no such event; another node may, or the time range is too narrow")
            }
            var headers: HTTPFields = [:]
            if let next = page.nextStart, let name = Self.nextHeader { headers[name] = String(next) }
            return BinaryBody(
                bytes: page.evidence, contentType: "application/vnd.harborseal.evidence+cbor", headers: headers)
        }
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
