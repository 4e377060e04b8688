public import AllianceTrust
internal import AsyncHTTPClient
public import AttestationFormat
public import DeviceRegistry
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The alliance's registry over HTTPS, as a firm's own asks it with the firm's code: EST for link certificates, and reports of those that it has revoked.
///
/// Its calls block, on threads that are there for it, and end with their time. At most ``requestLimit`` wait at once, so that one that hangs keeps no thread
/// from what needs no other registry.
public final class AllianceRegistry: LinkSource {
    /// Requests under way at once, beyond which a gateway is told to come again.
    public static let requestLimit = 8
    /// Bytes of an answer that are read: one certificate in base64 has 1,200.
    private static let answerByteLimit = 16_384
    /// Bytes of a refusal's words that are shown.
    private static let wordsLimit = 300

    public let url: String
    private let code: String
    private let anchor: [UInt8]
    private let timeout: TimeAmount
    private struct State {
        var client: HTTPClient?
        var underWay = 0
        var isShutDown = false
    }
    private let state = Mutex(State())

    /// Nothing is connected yet.
    ///
    /// - Parameters:
    ///   - url: `https://HOST:PORT`.
    ///   - code: the firm's code, as the alliance's registry made it.
    ///   - anchor: DER of the one CA that its server certificate may be of.
    public init(url: String, code: EnrolmentCode, anchor: [UInt8], timeoutSeconds: Int64 = 10) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.code = code.text
        self.anchor = anchor
        timeout = .seconds(timeoutSeconds)
    }

    /// Waits for what is under way, and ends it.
    public func shutDown() async throws {
        let client = state.withLock { state in
            state.isShutDown = true
            defer { state.client = nil }
            return state.client
        }
        try await client?.shutdown()
    }

    // MARK: - What is asked

    public func linkCertificate(for gatewayID: GatewayID, request: [UInt8]) throws -> CertificateBytes {
        let body = Array(Data(request).base64EncodedString().utf8)
        let (status, fields, answer) = try ask("/.well-known/est/link/simpleenroll", of: gatewayID, body, type: "application/pkcs10")
        guard status == 200 else { throw refusal(status, fields, answer, of: gatewayID, passing: Self.certificateCodes) }
        let certificates: [CertificateBytes]
        do {
            certificates = try CertsOnlyMessage.certificates(base64: answer)
        } catch let error as RegistryError {
            throw unusable(error.message)
        }
        guard certificates.count == 1, let certificate = certificates.first else { throw unusable("it has \(certificates.count) certificates, and one was asked for") }
        return certificate
    }

    /// Tells what is revoked of a gateway.
    ///
    /// - Returns: serial numbers of certificates that it has not issued to that gateway; all others are taken.
    /// - Throws: ``RegistryError`` with code `allianceAway` or `allianceRefused`, or one that is about this gateway's report alone.
    public func send(_ report: LinkReport) throws -> Set<[UInt8]> {
        let (status, fields, answer) = try ask("/link/revocations", of: report.gatewayID, report.body, type: "text/plain")
        guard status == 200 else { throw refusal(status, fields, answer, of: report.gatewayID, passing: Self.reportCodes) }
        guard let answer = LinkReportAnswer(answer) else { throw unusable("it does not begin with the word that a report is taken with") }
        return Set(answer.unknown)
    }

    private func ask(
        _ path: String, of gatewayID: GatewayID, _ body: [UInt8], type: String
    ) throws -> (status: UInt, fields: HTTPHeaders, body: [UInt8]) {
        let client = try begin()
        defer { state.withLock { $0.underWay -= 1 } }
        let basic = Data("\(gatewayID):\(code)".utf8).base64EncodedString()
        do {
            let request = try HTTPClient.Request(
                url: url + path, method: .POST, headers: ["Authorization": "Basic \(basic)", "Content-Type": type], body: .bytes(body))
            let answer = try client.execute(
                request: request, delegate: ResponseAccumulator(request: request, maxBodySize: Self.answerByteLimit), deadline: .now() + timeout
            ).wait()
            return (answer.status.code, answer.headers, answer.body.map { Array($0.readableBytesView) } ?? [])
        } catch is ResponseAccumulator.ResponseTooBigError {
            throw unusable("it is longer than \(Self.answerByteLimit) bytes")
        } catch {
            throw away(words(error))
        }
    }

    private func begin() throws -> HTTPClient {
        try state.withLock { state in
            guard !state.isShutDown else { throw away("this registry is about to stop") }
            guard state.underWay < Self.requestLimit else { throw away("\(state.underWay) requests wait for it already") }
            let client = try state.client ?? Self.makeClient(anchor, timeout)
            (state.client, state.underWay) = (client, state.underWay + 1)
            return client
        }
    }

    private static func makeClient(_ anchor: [UInt8], _ timeout: TimeAmount) throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: anchor, format: .der)])
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = timeout
        // The code goes to this one place.
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    // MARK: - What went wrong

    /// Refusals that are about one gateway, and not between the registries: of what it asks for, and of what is told of it.
    private static let certificateCodes: Set<RegistryError.Code> = [.keyInUse, .deviceRevoked, .firmRetired, .tooManyTries]
    private static let reportCodes: Set<RegistryError.Code> = [.requestForm, .tooLarge, .foreignName]

    private func refusal(
        _ status: UInt, _ fields: HTTPHeaders, _ body: [UInt8], of gatewayID: GatewayID, passing codes: Set<RegistryError.Code>
    ) -> RegistryError {
        let line = String(decoding: body.prefix(Self.wordsLimit), as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let said = "\(url) answers \(status)\(line.isEmpty ? "" : ": \(Self.printable(line))")"
        let name = fields.first(name: "harborseal-refusal").flatMap { RegistryError.Code(rawValue: $0) }
        switch (status, name) {
        case (401, _):
            return RegistryError(
                .allianceRefused, "\(url) does not take the code of firm \(gatewayID.firm): it was withdrawn, or made anew, or is another firm's",
                nextStep: "have registry firm-code \(gatewayID.firm) make one at the alliance's registry, and put it into the file of [link] code")
        case (400..<500, let name?) where codes.contains(name):
            return RegistryError(name, Self.printable(line))
        case (408, _), (429, _), (500..., _): return away("it answers \(status)\(line.isEmpty ? "" : ": \(Self.printable(line))")")
        default: return RegistryError(.allianceRefused, said, nextStep: "see that [link] registry names the alliance's registry, and ask its operator")
        }
    }

    private func unusable(_ words: String) -> RegistryError {
        RegistryError(
            .allianceRefused, "what \(url) answered is of no use: \(words)", nextStep: "see that [link] registry names the alliance's registry, and ask its operator")
    }

    private func away(_ words: String) -> RegistryError {
        RegistryError(.allianceAway, "the alliance's registry \(url) cannot be asked: \(words)", nextStep: "nothing is lost: it is asked again")
    }

    private func words(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error):
            "it did not answer within \(timeout.nanoseconds / 1_000_000_000) s"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "it closed the connection without an answer"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError: error.connectionErrors.first.map { words($0.error) } ?? "\(error.host): no such host"
        case is NIOSSLExtraError: "its certificate is of another CA than [link] anchor, or for another name"
        case is NIOSSLError, is BoringSSLError:
            "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? "its certificate is of another CA than [link] anchor, or for another name" : "it speaks no TLS there"
        default: Self.printable("\(error)")
        }
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(wordsLimit).map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
