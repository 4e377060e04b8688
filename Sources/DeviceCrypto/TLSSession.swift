internal import CMbedTLSShims
internal import CPosixShims
public import AttestationFormat

/// What time it is, for certificates: a gateway without a real-time clock boots in 1970 and must still tell a valid certificate.
public enum BelievedTime: Equatable, Sendable {
    /// Seconds since 1970 by a clock that is not known to be wrong.
    case clock(Int64)
    /// The clock says a time that cannot be; it is not before these seconds. A chain is then accepted if there is a moment from there on
    /// at which all of it is valid: its issuer and its name are checked as always.
    case notBefore(Int64)
}

/// A TLS 1.2 client (RFC 5246) over a connected, non-blocking socket. Nothing of the system's certificates counts: there is one anchor.
///
/// The server's certificate must come from the anchor with P-256 and SHA-256 or better, be valid, be a server's, and name the host in a
/// subject alternative name (RFC 6125, without wildcards and common names).
public final class TLSSession {
    /// Why there is no session, or no more.
    public enum Fault: Equatable, Sendable {
        /// Closed or reset before its end.
        case cut
        /// The server's certificate was not issued by the anchor.
        case untrusted
        /// It names other hosts.
        case otherName
        case expired
        case notYetValid
        /// It is no server's: some client's certificate of the same CA.
        case noServer
        /// The server ended it, with this alert (RFC 5246, 7.2).
        case alert(UInt8)
        /// Something that is no such TLS; the payload is mbedTLS's error, positive.
        case protocolError(Int32)
    }

    /// What a call came to.
    public enum Step: Equatable, Sendable {
        /// So many bytes were read or taken; 0 for a handshake that is done.
        case done(Int)
        case wantsRead
        case wantsWrite
        /// The server said that nothing follows.
        case end
        case failed(Fault)
    }

    private let handle: OpaquePointer
    /// Lent to the handle.
    private let key: SigningKey?

    /// - Parameters:
    ///   - host: a DNS name or a numeric address.
    ///   - anchor: the one certificate that server certificates must come from, in DER. Nil only to fetch what is judged by its hash alone:
    ///     then anybody may be at the other end.
    ///   - identity: this side's certificate in DER with its key, shown when the server asks.
    ///   - descriptor: stays the caller's, and is open as long as the session is.
    /// - Throws: `noMemory`, also for certificates that mbedTLS does not read.
    public init(
        host: UTF8Text, anchor: [UInt8]?, identity: (certificate: [UInt8], key: SigningKey)?, time: BelievedTime, descriptor: Int32
    ) throws(DeviceCryptoError) {
        var address = [UInt8](repeating: 0, count: 16)
        var name = host.bytes.map { CChar(bitPattern: $0) }
        name.append(0)
        let addressCount = posix_address_bytes(&name, &address)
        var settings = hs_tls_settings()
        settings.descriptor = descriptor
        switch time {
        case .clock(let seconds): settings.seconds = seconds
        case .notBefore(let seconds):
            settings.seconds = seconds
            settings.clock_is_unset = true
        }
        settings.key = identity?.key.handle
        settings.address_count = addressCount
        settings.anchor_count = anchor?.count ?? 0
        settings.certificate_count = identity?.certificate.count ?? 0
        let certificate = identity?.certificate ?? []
        let made = name.withUnsafeBufferPointer { name in
            address.withUnsafeBufferPointer { address in
                (anchor ?? []).withUnsafeBufferPointer { trusted in
                    certificate.withUnsafeBufferPointer { certificate in
                        settings.name = addressCount == 0 ? name.baseAddress : nil
                        settings.address = address.baseAddress
                        settings.anchor = anchor == nil ? nil : trusted.baseAddress
                        settings.certificate = identity == nil ? nil : certificate.baseAddress
                        return hs_tls_new(&settings)
                    }
                }
            }
        }
        guard let made else { throw DeviceCryptoError(.noMemory) }
        handle = made
        key = identity?.key
    }

    deinit { hs_tls_free(handle) }

    /// Of `expired` and `notYetValid`: what the certificate says and what this machine's clock says.
    public var validityWords: String { String(cString: posix_validity_words(hs_tls_valid_from(handle), hs_tls_valid_to(handle))) }

    /// Goes on with the handshake.
    public func handshake() -> Step { step(hs_tls_handshake(handle)) }

    /// Fills the front of `buffer`.
    public func read(into buffer: inout [UInt8]) -> Step {
        let result = buffer.withUnsafeMutableBufferPointer { hs_tls_read(handle, $0.baseAddress, $0.count) }
        return step(result)
    }

    /// Writes some of `bytes`. After `wantsWrite` the same bytes must be given again.
    public func write(_ bytes: ArraySlice<UInt8>) -> Step {
        let result = bytes.withUnsafeBufferPointer { hs_tls_write(handle, $0.baseAddress, $0.count) }
        return step(result)
    }

    /// Says that nothing follows, if the socket takes it at once.
    public func finish() { hs_tls_finish(handle) }

    private func step(_ result: Int32) -> Step {
        switch Int(result) {
        case 0...: .done(Int(result))
        case Int(HS_TLS_WANTS_READ): .wantsRead
        case Int(HS_TLS_WANTS_WRITE): .wantsWrite
        case Int(HS_TLS_END): .end
        default: .failed(fault)
        }
    }

    private var fault: Fault {
        var number: Int32 = 0
        switch hs_tls_fault(handle, &number) {
        case HS_TLS_UNTRUSTED: return .untrusted
        case HS_TLS_OTHER_NAME: return .otherName
        case HS_TLS_EXPIRED: return .expired
        case HS_TLS_NOT_YET_VALID: return .notYetValid
        case HS_TLS_NO_SERVER: return .noServer
        case HS_TLS_ALERT: return .alert(UInt8(truncatingIfNeeded: number))
        case HS_TLS_PROTOCOL: return .protocolError(number)
        default: return .cut
        }
    }
}
