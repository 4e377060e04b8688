import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// EST (RFC 7030, clarified by RFC 8951) with the labels `seal` and `link`: `cacerts`, `csrattrs`, `simpleenroll`, `simplereenroll`.
struct ESTRoutes {
    typealias Context = RegistryRequestContext

    /// Bytes of a request's body. One for P-256 takes 500; one for RSA with 8,192 bits, which is told that it is one, takes 4,000.
    private static let bodyByteLimit = 16_384
    /// RFC 7030, section 4.1.3 and 4.2.3.
    private static let certificatesType = "application/pkcs7-mime; smime-type=certs-only"

    let registry: Registry
    let gate: EnrolmentGate
    let connections: ConnectionGate
    let nowSeconds: @Sendable () -> Int64

    func add(to router: Router<Context>) {
        let group = router.group(".well-known/est/:label")
        group.get("cacerts") { _, context in
            let label = try Self.label(context)
            if label == .link { try await refuseRevoked(context) }
            return Answer(try CertsOnlyMessage.base64(registry.authorities(label)), contentType: Self.certificatesType)
        }
        group.get("csrattrs") { _, context in
            _ = try Self.label(context)
            return Answer(try Data(RequestAttributes.der()).base64EncodedString() + "\n", contentType: "application/csrattrs")
        }
        group.post("simpleenroll") { request, context in
            let label = try Self.label(context)
            let issued = try await gate.pass(.enrol, label, from: context.peerAddress, holder: { try await codeHolder(request) }) {
                try await enrol(label, request, context)
            }
            return Answer(try CertsOnlyMessage.base64([issued.certificate]), contentType: Self.certificatesType)
        }
        group.post("simplereenroll") { request, context in
            let label = try Self.label(context)
            let issued = try await gate.pass(.renew, label, from: context.peerAddress, holder: { try await certificateHolder(context) }) {
                try await renew(label, request, context)
            }
            return Answer(try CertsOnlyMessage.base64([issued.certificate]), contentType: Self.certificatesType)
        }
        router.post("link/revocations") { request, context in
            let unknown = try await gate.pass(.report, .link, from: context.peerAddress, holder: { try await codeHolder(request) }) {
                try await report(request, context)
            }
            return Answer(LinkReportAnswer(unknown: unknown).text)
        }
        router.get("link/revocations") { _, _ -> Answer in throw Self.notAllowed("POST") }
        for path: RouterPath in ["cacerts", "csrattrs"] { group.post(path) { _, _ -> Answer in throw Self.notAllowed("GET") } }
        for path: RouterPath in ["simpleenroll", "simplereenroll"] { group.get(path) { _, _ -> Answer in throw Self.notAllowed("POST") } }
    }

    /// Whose code the request has.
    private func codeHolder(_ request: Request) async throws -> Holder? {
        guard let credentials = request.headers[.authorization].flatMap({ BasicCredentials($0) }) else { return nil }
        return try await NIOThreadPool.singleton.runIfActive { [registry] in
            try registry.holder(ofCode: credentials.password, gatewayID: credentials.user)
        }
    }

    /// The gateway whose link certificate the peer has shown, and has the key of.
    private func certificateHolder(_ context: Context) async throws -> Holder? {
        guard let certificate = try await context.peerCertificate else { return nil }
        return try await NIOThreadPool.singleton.runIfActive { [registry, nowSeconds] in
            try registry.holder(ofLinkCertificate: certificate, nowSeconds: nowSeconds())
        }
    }

    /// Whoever shows a link certificate asks whether it is good: a gateway tries a new one so, and its doctor the one in use.
    private func refuseRevoked(_ context: Context) async throws {
        guard let certificate = try await context.peerCertificate else { return }
        do {
            try await NIOThreadPool.singleton.runIfActive { [registry] in try registry.refuseRevoked(linkCertificate: certificate) }
        } catch let error as RegistryError {
            throw ESTRefusal(error)
        }
    }

    private func enrol(_ label: CertificateLabel, _ request: Request, _ context: Context) async throws -> IssuedCertificate {
        guard let header = request.headers[.authorization], let credentials = BasicCredentials(header) else {
            throw ESTRefusal.unauthenticated
        }
        let body = try await body(of: request)
        let requester = Requester(credentials.user, address: context.peerAddress)
        // A commit waits for the disk, and the threads of the connections do not.
        return try await gate.tryCode(of: credentials.user, from: context.peerAddress, onWait: { connections.mayEnd(context.connection) }) { countsTry in
            try await NIOThreadPool.singleton.runIfActive { [registry, nowSeconds] in
                try registry.enrol(
                    label, gatewayID: credentials.user, code: credentials.password, request: body, countsTry: countsTry, by: requester,
                    nowSeconds: nowSeconds())
            }
        }
    }

    /// Of a firm's own registry: what it has revoked of a gateway.
    ///
    /// - Returns: serial numbers that were not issued to it.
    private func report(_ request: Request, _ context: Context) async throws -> [[UInt8]] {
        guard let header = request.headers[.authorization], let credentials = BasicCredentials(header) else { throw ESTRefusal.unauthenticated }
        let body = try await body(of: request)
        let requester = Requester(credentials.user, address: context.peerAddress)
        return try await gate.tryCode(of: credentials.user, from: context.peerAddress) { _ in
            try await NIOThreadPool.singleton.runIfActive { [registry, nowSeconds] in
                try registry.takeLinkReport(body, of: credentials.user, code: credentials.password, by: requester, nowSeconds: nowSeconds())
            }
        }
    }

    private func renew(_ label: CertificateLabel, _ request: Request, _ context: Context) async throws -> IssuedCertificate {
        guard let certificate = try await context.peerCertificate else {
            throw ESTRefusal(.forbidden, "simplereenroll needs the link certificate in the TLS handshake: without one, simpleenroll takes a code")
        }
        let body = try await body(of: request)
        let requester = Requester(CertificateFacts(der: certificate)?.subject ?? "an unreadable certificate", address: context.peerAddress)
        return try await NIOThreadPool.singleton.runIfActive { [registry, nowSeconds] in
            try registry.renew(label, clientCertificate: certificate, request: body, by: requester, nowSeconds: nowSeconds())
        }
    }

    /// The whole body. A peer that does not come to its end is cut off by `RequestLimit`.
    private func body(of request: Request) async throws -> [UInt8] {
        do {
            let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
            guard announced <= Self.bodyByteLimit else { throw NIOTooManyBytesError(maxBytes: Self.bodyByteLimit) }
            let buffer = try await request.body.collect(upTo: Self.bodyByteLimit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            // Of what it still sends some is read and dropped, so that it reads this.
            throw ESTRefusal(
                .contentTooLarge, "the body is longer than \(Self.bodyByteLimit) bytes: a request for a key on P-256 has about 500",
                headers: [.connection: "close"])
        } catch let error as CancellationError {
            throw error
        } catch {
            // Chunks that are none, trailers beyond all measure, an end before its time: whatever it was, the sender's doing.
            throw ESTRefusal(
                .badRequest, "the body cannot be read as HTTP has it: send the request with Content-Length, or in chunks (RFC 9112, section 7.1)",
                headers: [.connection: "close"])
        }
    }

    private static func label(_ context: Context) throws -> CertificateLabel {
        guard let label = context.parameters.get("label").flatMap({ CertificateLabel(rawValue: $0) }) else {
            throw ESTRefusal(.notFound, "there is no such EST label: this registry has /.well-known/est/seal and /.well-known/est/link")
        }
        return label
    }

    private static func notAllowed(_ method: String) -> ESTRefusal {
        ESTRefusal(.methodNotAllowed, "this answers \(method) alone", headers: [.allow: method])
    }
}
