internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import GatewayAgent

/// Joins the seal key to the state machine's port, and measures how long it keeps the thread.
final class SignerAdapter: SignerPort {
    private let key: SigningKey
    private var blockedNanoseconds: Int64 = 0
    private var beginFailure: Bool = false

    init(_ key: SigningKey) { self.key = key }

    func begin(_ message: [UInt8]) {
        let start = posix_monotonic_nanoseconds()
        beginFailure = false
        do throws(DeviceCryptoError) { try key.begin(message) } catch { beginFailure = true }
        blockedNanoseconds = posix_monotonic_nanoseconds() &- start
    }

    func finish() -> SigningProgress {
        if beginFailure { return .failed(code: 1) }
        let start = posix_monotonic_nanoseconds()
        do throws(DeviceCryptoError) {
            let signature = try key.finish()
            blockedNanoseconds &+= posix_monotonic_nanoseconds() &- start
            guard let signature else { return .pending }
            return .finished(signature, blockedMicroseconds: UInt64(max(0, blockedNanoseconds / 1_000)))
        } catch {
            return .failed(code: 2)
        }
    }
}
