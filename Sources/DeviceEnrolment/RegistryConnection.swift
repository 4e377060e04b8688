internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto

/// One request and its answer over one TLS connection, within a time by the monotonic clock. A registry is asked a handful of times
/// in a device's life: nothing is kept open.
final class RegistryConnection {
    /// For everything: a mobile link needs seconds for its first bytes, and whoever stands at the gateway waits.
    static let patienceMilliseconds: Int64 = 30_000

    private let address: RegistryAddress
    private let descriptor: Int32
    private let deadline: Int64
    private let session: TLSSession

    /// Connects and makes sure who answers.
    init(
        _ address: RegistryAddress, anchor: [UInt8]?, identity: (certificate: [UInt8], key: SigningKey)?, time: BelievedTime
    ) throws(EnrolmentError) {
        self.address = address
        deadline = posix_boottime_milliseconds() + Self.patienceMilliseconds
        descriptor = try Self.connect(address, deadline)
        do throws(DeviceCryptoError) {
            session = try TLSSession(host: address.host, anchor: anchor, identity: identity, time: time, descriptor: descriptor)
        } catch {
            _ = posix_socket_close(descriptor)
            throw .crypto(error)
        }
        while true {
            let step = session.handshake()
            if case .done = step { return }
            try wait(after: step)
        }
    }

    deinit { _ = posix_socket_close(descriptor) }

    private static func connect(_ address: RegistryAddress, _ deadline: Int64) throws(EnrolmentError) -> Int32 {
        var name = address.host.bytes.map { CChar(bitPattern: $0) }
        name.append(0)
        guard posix_name_is_known(name) == 0 else { throw EnrolmentError(.nameUnknown, address.host) }
        let descriptor = posix_tcp_connect(name, address.port)
        guard descriptor >= 0 else { throw EnrolmentError(.unreachable(-descriptor), address.text) }
        let isReady = isReady(descriptor, Int16(POSIX_POLL_OUT), deadline)
        let error = posix_socket_error(descriptor)
        guard isReady, error == 0 else {
            _ = posix_socket_close(descriptor)
            throw EnrolmentError(isReady ? .unreachable(-error) : .noAnswer, address.text)
        }
        return descriptor
    }

    /// Waits for the socket; false when the time is over.
    private static func isReady(_ descriptor: Int32, _ events: Int16, _ deadline: Int64) -> Bool {
        while true {
            let left = deadline - posix_boottime_milliseconds()
            guard left > 0 else { return false }
            var entry = posix_poll_entry(descriptor: descriptor, events: events, revents: 0)
            if posix_poll(&entry, 1, Int32(clamping: left)) > 0 { return true }
        }
    }

    /// Sends a request and takes the whole answer.
    func exchange(_ request: [UInt8]) throws(EnrolmentError) -> HTTPAnswer {
        var rest = request[...]
        while !rest.isEmpty {
            let step = session.write(rest)
            if case .done(let count) = step {
                rest = rest.dropFirst(count)
            } else {
                try wait(after: step)
            }
        }
        var reader = HTTPReader()
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let step = session.read(into: &buffer)
            guard case .done(let count) = step else {
                try wait(after: step)
                continue
            }
            if let answer = try take(buffer[..<count], &reader) {
                session.finish()
                return answer
            }
            // A server that never ends must not keep this going, however fast it is.
            guard posix_boottime_milliseconds() < deadline else { throw EnrolmentError(.noAnswer, address.text) }
        }
    }

    private func take(_ piece: ArraySlice<UInt8>, _ reader: inout HTTPReader) throws(EnrolmentError) -> HTTPAnswer? {
        do throws(HTTPReader.Failure) {
            return try reader.take(piece)
        } catch {
            throw EnrolmentError(error == .tooLarge ? .tooLarge : .malformed, address.text)
        }
    }

    /// Waits for what the session needs, or says why it cannot go on.
    private func wait(after step: TLSSession.Step) throws(EnrolmentError) {
        var events = Int16(POSIX_POLL_IN)
        switch step {
        case .done, .wantsRead: break
        case .wantsWrite: events = Int16(POSIX_POLL_OUT)
        case .end: throw EnrolmentError(.cutOff, address.text)
        case .failed(let fault):
            let isOutOfTime = fault == .expired || fault == .notYetValid
            throw EnrolmentError(Self.code(of: fault), isOutOfTime ? UTF8Text(address.text.string + session.validityWords) : address.text)
        }
        guard Self.isReady(descriptor, events, deadline) else { throw EnrolmentError(.noAnswer, address.text) }
    }

    private static func code(of fault: TLSSession.Fault) -> EnrolmentError.Code {
        switch fault {
        case .cut: .cutOff
        case .untrusted: .untrusted
        case .otherName: .otherName
        case .expired: .expired
        case .notYetValid: .notYetValid
        case .noServer: .noServer
        // RFC 5246, 7.2.2: what is said of a certificate.
        case .alert(let number) where (42...46).contains(number) || number == 48 || number == 49: .identityRefused(number)
        case .alert(let number): .noTLS(-Int32(number))
        case .protocolError(let number): .noTLS(number)
        }
    }
}
