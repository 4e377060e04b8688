import DeviceRegistry
import HTTPTypes
import Logging
import NIOCore

/// What stands before every enrolment and renewal: addresses that failed too often wait, and what came of each request is counted and logged.
struct EnrolmentGate: Sendable {
    enum Operation: String, Sendable {
        case enrol
        case renew
    }

    /// A wrong code is answered at a whole tenth of a second: how long the disk took would tell whether there was a device to count a try of.
    private static let wrongCodeMilliseconds: Int64 = 100

    let limiter: FailureLimiter
    let tries = TryShares()
    let metrics: RegistryMetrics
    let logger: Logger

    /// - Throws: `ESTRefusal`.
    func pass(
        _ operation: Operation, _ label: CertificateLabel, from address: String, _ work: () async throws -> IssuedCertificate
    ) async throws -> IssuedCertificate {
        if let seconds = limiter.waitSeconds(of: address, nowMilliseconds: Self.monotonicMilliseconds) {
            metrics.count(operation.rawValue, label, "addressLimited")
            throw ESTRefusal(
                .tooManyRequests,
                "too many requests from this address failed: try again in \(seconds) s, with gateway id and code as the enrolment text has them",
                headers: [.retryAfter: "\(seconds)"])
        }
        do {
            let issued = try await work()
            metrics.count(operation.rawValue, label, "ok")
            return issued
        } catch let error as RegistryError {
            note(error, operation, label, address)
            throw ESTRefusal(error)
        } catch let refusal as ESTRefusal {
            metrics.count(operation.rawValue, label, "\(refusal.status.code)")
            // Whoever first asks without credentials, as HTTP has it, has not failed.
            if refusal.status != .unauthorized { limiter.addFailure(of: address, nowMilliseconds: Self.monotonicMilliseconds) }
            throw refusal
        }
    }

    /// Asks the registry about a code, with whether a wrong one uses up one of the device's tries.
    func tryCode(
        of gatewayID: String, from address: String, _ enrol: (_ countsTry: Bool) async throws -> IssuedCertificate
    ) async throws -> IssuedCertificate {
        // From here on, not from the request's beginning: its sender chooses how long its body takes.
        let begun = Self.monotonicMilliseconds
        do {
            return try await tries.counting(address, gatewayID, enrol)
        } catch let error as RegistryError where error.code == .wrongCode {
            let rest = Self.wrongCodeMilliseconds - (Self.monotonicMilliseconds - begun) % Self.wrongCodeMilliseconds
            try? await Task.sleep(for: .milliseconds(rest))
            throw error
        }
    }

    private func note(_ error: RegistryError, _ operation: Operation, _ label: CertificateLabel, _ address: String) {
        metrics.count(operation.rawValue, label, error.code.rawValue)
        let isFailure = error.code.status.kind == .clientError
        if isFailure { limiter.addFailure(of: address, nowMilliseconds: Self.monotonicMilliseconds) }
        logger.log(
            level: isFailure || error.code == .awaitingApproval ? .info : .error, "refused",
            metadata: ["operation": "\(operation.rawValue)", "label": "\(label.rawValue)", "address": "\(address)", "why": "\(error.message)"])
    }

    private static var monotonicMilliseconds: Int64 { Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
}
