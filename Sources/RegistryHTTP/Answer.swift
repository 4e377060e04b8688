import DeviceRegistry
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Text or bytes with their media type.
struct Answer: ResponseGenerator {
    private let body: ByteBuffer
    private let contentType: String

    init(_ text: String, contentType: String = "text/plain; charset=utf-8") {
        body = ByteBuffer(string: text)
        self.contentType = contentType
    }

    init(_ bytes: [UInt8], contentType: String) {
        body = ByteBuffer(bytes: bytes)
        self.contentType = contentType
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: .ok, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: body))
    }
}

/// Turns whatever else is thrown into a line that tells a stranger nothing about the inside.
struct RefusalMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as ESTRefusal {
            return try refusal.response(from: request, context: context)
        } catch let error as HTTPError where error.status == .notFound {
            let refusal = ESTRefusal(
                .notFound, "no such path: a registry answers /.well-known/est/{seal|link}/…, /link/revocations, /alliance.hstrust, /crl/{link|FIRM}.crl, /healthz and /metrics")
            return try refusal.response(from: request, context: context)
        } catch {
            logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            let refusal = ESTRefusal(.internalServerError, "the registry could not answer: its log says why; try again")
            return try refusal.response(from: request, context: context)
        }
    }
}
