import AttestationFormat
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// A short text for people and scrapers.
struct PlainText: ResponseGenerator {
    let text: String
    var status = HTTPResponse.Status.ok
    var contentType = "text/plain; charset=utf-8"

    init(_ text: String, status: HTTPResponse.Status = .ok, contentType: String = "text/plain; charset=utf-8") {
        self.text = text
        self.status = status
        self.contentType = contentType
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: status, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// CBOR or COSE bytes, as they are stored.
struct BinaryBody: ResponseGenerator {
    let bytes: [UInt8]
    let contentType: String

    func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: .ok, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// An error as RFC 9290 has it: concise problem details, in CBOR.
struct Problem: Error, HTTPResponseError {
    let status: HTTPResponse.Status
    /// A short title, -1 of RFC 9290.
    let title: String
    /// What to do about it, -2 of RFC 9290.
    let detail: String
    /// For `Retry-After` (RFC 9110, section 10.2.3).
    var retryAfterSeconds: Int?

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var writer = CBORWriter(reserving: 16 + title.utf8.count + detail.utf8.count)
        writer.beginMap(2)
        writer.write(Int64(-1))
        writer.write(UTF8Text(title))
        writer.write(Int64(-2))
        writer.write(UTF8Text(detail))
        var headers: HTTPFields = [.contentType: "application/concise-problem-details+cbor"]
        if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }
}

/// Turns whatever else is thrown into a problem that tells a stranger nothing about the inside.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return try problem.response(from: request, context: context)
        } catch let error as HTTPError where error.status == .notFound {
            let problem = Problem(
                status: .notFound, title: "no such path",
                detail: "a node answers /evidence, /entries, /entries/{id}, /alliance.hstrust, /.well-known/scitt-keys, /healthz, /readyz and /metrics")
            return try problem.response(from: request, context: context)
        } catch {
            logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            let problem = Problem(
                status: .internalServerError, title: "the node could not answer", detail: "its log says why; try again")
            return try problem.response(from: request, context: context)
        }
    }
}
