import AttestationFormat
import DeviceRegistry
import HTTPTypes
import Logging
import NIOCore

/// What stands before every enrolment and renewal: addresses that failed too often wait, and what came of each request is counted and logged.
///
/// A gateway that proves to be one, by its link certificate or the right code, is not held up by what others at its address did. It has a measure of its
/// own, which each of its requests fills: a renewal is wanted every two months, and writes a row of the audit table each time. A firm's own registry has one
/// for all names that are new, which refusals alone fill: with a measure for each name, whoever has the firm's code would never be held up.
struct EnrolmentGate: Sendable {
    enum Operation: String, Sendable {
        case enrol
        case renew
        /// Of revoked link certificates, by a firm's registry.
        case report
    }

    /// Who pays for a request.
    private enum Payer {
        case holder(Holder)
        case address(String)
    }

    /// A wrong code is answered at a whole tenth of a second: how long the disk took would tell whether there was a device to count a try of.
    private static let wrongCodeMilliseconds: Int64 = 100

    let limiter: FailureLimiter
    let tries = TryShares()
    let metrics: RegistryMetrics
    let logger: Logger

    /// - Parameter holder: whom the request proves to come from.
    /// - Throws: `ESTRefusal`.
    func pass<Answer>(
        _ operation: Operation, _ label: CertificateLabel, from address: String, holder: () async throws -> Holder?,
        _ work: () async throws -> Answer
    ) async throws -> Answer {
        var payer = Payer.address(address)
        do {
            if let holder = try await holder() { payer = .holder(holder) }
            try checkDebt(of: payer, operation, label)
            let answer = try await work()
            metrics.count(operation.rawValue, label, "ok")
            if case .holder(.gateway) = payer { charge(payer, operation) }
            return answer
        } catch let error as RegistryError {
            note(error, operation, label, address, payer)
            throw ESTRefusal(error)
        } catch let refusal as ESTRefusal where refusal.status == .tooManyRequests {
            throw refusal
        } catch let refusal as ESTRefusal {
            metrics.count(operation.rawValue, label, "\(refusal.status.code)")
            // Whoever first asks without credentials, as HTTP has it, has not failed.
            if refusal.status != .unauthorized { charge(payer, operation) }
            throw refusal
        }
    }

    /// Asks the registry about a code, with whether a wrong one uses up one of the device's tries.
    ///
    /// - Parameter onWait: told before a wrong code's answer waits for its time.
    func tryCode<Answer>(
        of gatewayID: String, from address: String, onWait: () -> Void = {}, _ enrol: (_ countsTry: Bool) async throws -> Answer
    ) async throws -> Answer {
        // From here on, not from the request's beginning: its sender chooses how long its body takes.
        let begun = Self.monotonicMilliseconds
        do {
            return try await tries.counting(address, gatewayID, enrol)
        } catch let error as RegistryError where error.code == .wrongCode {
            onWait()
            await Self.waitForTenth(since: begun)
            throw error
        }
    }

    private func checkDebt(of payer: Payer, _ operation: Operation, _ label: CertificateLabel) throws {
        guard let seconds = limiter.waitSeconds(of: Self.bucket(payer, operation), nowMilliseconds: Self.monotonicMilliseconds) else { return }
        let words: String
        switch payer {
        case .address:
            metrics.count(operation.rawValue, label, "addressLimited")
            words = "too many requests from this address failed: try again in \(seconds) s, with gateway id and code as the enrolment text has them"
        case .holder(.registry(let firm)):
            metrics.count(operation.rawValue, label, "firmLimited")
            words = "too many requests for new gateways of firm \(firm) were refused: try again in \(seconds) s"
        case .holder(.gateway(let gatewayID)):
            metrics.count(operation.rawValue, label, "gatewayLimited")
            words = "\(gatewayID) has asked too often: try again in \(seconds) s"
        }
        // Whoever has more to ask comes again: what waits on this connection is not looked at.
        throw ESTRefusal(.tooManyRequests, words, headers: [.retryAfter: "\(seconds)", .connection: "close"])
    }

    private func note(_ error: RegistryError, _ operation: Operation, _ label: CertificateLabel, _ address: String, _ payer: Payer) {
        metrics.count(operation.rawValue, label, error.code.rawValue)
        if error.code.countsAsFailure { charge(payer, operation) }
        logger.log(
            level: error.code.countsAsFailure || error.code == .awaitingApproval ? .info : .error, "refused",
            metadata: ["operation": "\(operation.rawValue)", "label": "\(label.rawValue)", "address": "\(address)", "why": "\(error.message)"])
    }

    private func charge(_ payer: Payer, _ operation: Operation) {
        limiter.addFailure(of: Self.bucket(payer, operation), nowMilliseconds: Self.monotonicMilliseconds)
    }

    /// Whoever has a gateway's code holds up no renewal of it. No address has a blank in it, and no gateway's name.
    private static func bucket(_ payer: Payer, _ operation: Operation) -> String {
        switch payer {
        case .address(let address): address
        case .holder(.gateway(let gatewayID)): "\(operation.rawValue) \(gatewayID)"
        case .holder(.registry(let firm)): "\(operation.rawValue) firm \(firm)"
        }
    }

    private static func waitForTenth(since begun: Int64) async {
        let rest = wrongCodeMilliseconds - (monotonicMilliseconds - begun) % wrongCodeMilliseconds
        try? await Task.sleep(for: .milliseconds(rest))
    }

    private static var monotonicMilliseconds: Int64 { Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
}
