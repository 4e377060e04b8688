import AllianceTrust
public import AttestationFormat
import Synchronization

/// Which firms have left the alliance: the trust file says so, and it is not this library's to read.
final class RetiredFirms: Sendable {
    private let ends = Mutex<[Name: Int64]>([:])

    func set(_ endSeconds: [Name: Int64]) { ends.withLock { $0 = endSeconds } }

    func endSeconds(of firm: Name) -> Int64? { ends.withLock { $0[firm] } }
}

extension Registry {
    /// Takes over from the trust file in force which firms' membership ends, and when, in seconds since 1970. Nodes refuse what their gateways sign later, so
    /// nothing is registered, enrolled or renewed for them from then on.
    public func setRetiredFirms(_ endSeconds: [Name: Int64]) { retiredFirms.set(endSeconds) }

    /// - Throws: ``RegistryError`` with code `firmRetired`.
    func checkMember(
        _ firm: Name, nowSeconds: Int64,
        nextStep: String = "take the gateway out of service, or register it for a firm that harborseal alliance show names without an end"
    ) throws {
        guard let end = retiredFirms.endSeconds(of: firm), end <= nowSeconds else { return }
        throw RegistryError(
            .firmRetired, "firm \(firm) has left the alliance: the trust file in force ends it at \(UTCText.text(seconds: end)), and nodes take nothing of its gateways since",
            nextStep: nextStep)
    }
}
