import DeviceRegistry
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer other than a certificate: a status, and one line for people (RFC 7030, section 4.2.3).
struct ESTRefusal: Error, HTTPResponseError {
    let status: HTTPResponse.Status
    let line: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ line: String, headers: HTTPFields = [:]) {
        self.status = status
        self.line = line
        self.headers = headers
    }

    /// What the registry refused, as HTTP says it.
    init(_ error: RegistryError) {
        status = error.code.status
        line = Self.line(for: error)
        switch error.code {
        case .awaitingApproval: headers[.retryAfter] = "\(Self.approvalSeconds)"
        case .tooManyTries: headers[.retryAfter] = "\(Self.manySeconds)"
        case .storeBusy, .keyAway, .allianceAway: headers[.retryAfter] = "\(Self.busySeconds)"
        case .storeFailed, .issuerNotValid, .unknownFirm, .allianceRefused, .listBehind: headers[.retryAfter] = "\(Self.failedSeconds)"
        default: break
        }
        if status == .unauthorized { headers[.wwwAuthenticate] = Self.challenge }
        if let name = Self.codeName { headers[name] = error.code.rawValue }
    }

    private static func line(for error: RegistryError) -> String {
        switch error.code {
        // What is wrong with a token, or between two registries, is the operator's affair, and in the log.
        case .keyAway: "the issuing key cannot sign now, and nothing was changed: try again later"
        case .allianceAway: "the alliance's registry, which issues link certificates, cannot now, and nothing was changed: try again later"
        case .allianceRefused: "the alliance's registry gives no link certificate, and nothing was changed: this registry's log says what its operator has to do"
        // A device of a firm that the running server does not know was registered by a command that read a newer configuration.
        case .unknownFirm:
            "\(error.message) since it was started: its operator restarts it, with the firm in its configuration, and the same code works then"
        default: error.message + (error.nextStep.map { ": \($0)" } ?? "")
        }
    }

    /// Who has not said who it is.
    static var unauthenticated: ESTRefusal {
        ESTRefusal(
            .unauthorized, "give the gateway id as the user and the enrolment code as the password of HTTP Basic",
            headers: [.wwwAuthenticate: challenge])
    }

    /// RFC 7617.
    private static let challenge = #"Basic realm="harborseal registry", charset="UTF-8""#
    /// Says which refusal it is (``RegistryError/Code``), for programs: one status has several, and each its own step. A locked code has no Retry-After.
    private static let codeName = HTTPField.Name("Harborseal-Refusal")
    /// Until a person may have approved: a gateway asks again this often.
    private static let approvalSeconds = 60
    private static let busySeconds = 10
    /// A day has to pass.
    private static let manySeconds = 3_600
    private static let failedSeconds = 300

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var fields = headers
        fields[.contentType] = "text/plain; charset=utf-8"
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: line + "\n")))
    }
}

extension RegistryError.Code {
    /// What EST answers (RFC 7030, section 4.2.3; RFC 9110; RFC 6585).
    var status: HTTPResponse.Status {
        switch self {
        case .wrongCode, .unknownCertificate: .unauthorized
        case .awaitingApproval: .accepted
        case .codeUsed, .codeExpired, .deviceRevoked, .deviceReplaced, .linkKeyReplaced, .certificateTooOld, .foreignName, .keyInUse, .otherSealKey,
            .firmRetired, .firmRegistry: .forbidden
        case .requestForm, .requestSignature, .rsaKey, .otherCurve, .otherKey, .weakHash, .otherAlgorithm: .badRequest
        case .tooLarge: .contentTooLarge
        case .tooManyTries, .codeLocked: .tooManyRequests
        case .storeBusy, .storeFailed, .issuerNotValid, .keyAway, .allianceAway, .allianceRefused, .listBehind, .unknownFirm: .serviceUnavailable
        default: .internalServerError
        }
    }

    /// Whether the one who asked did something wrong, and not the registry.
    var countsAsFailure: Bool { status.kind == .clientError }
}
