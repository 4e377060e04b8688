import CPosixShims
import Foundation

/// A TCP server of the tests' own on loopback: each connection is handled by a script on a thread.
public final class ScriptedPeer: @unchecked Sendable {
    public let port: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var isEnding = false
    private var acceptedCount = 0

    /// Listens at once. The script owns its connection until it returns; then it is closed.
    public init(script: @escaping @Sendable (ScriptedConnection) -> Void) throws {
        listener = posix_tcp_listen_loopback(0, 16)
        guard listener >= 0 else { throw TestBroker.Failure(description: "cannot listen: errno \(-listener)") }
        port = posix_socket_local_port(listener)
        let (descriptor, weakSelf) = (listener, WeakPeer(self))
        Thread.detachNewThread {
            while true {
                var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_IN), revents: 0)
                posix_poll(&entry, 1, 20)
                guard let peer = weakSelf.peer, !peer.shouldEnd else { break }
                let accepted = posix_socket_accept(descriptor)
                guard accepted >= 0 else { continue }
                peer.countAccepted()
                Thread.detachNewThread {
                    script(ScriptedConnection(descriptor: accepted) { weakSelf.peer?.shouldEnd ?? true })
                    posix_socket_close(accepted)
                }
            }
            posix_socket_close(descriptor)
        }
    }

    /// No more connections; running scripts see the end at their next read.
    public func end() { lock.withLock { isEnding = true } }

    deinit { end() }

    public var connectionCount: Int { lock.withLock { acceptedCount } }
    private var shouldEnd: Bool { lock.withLock { isEnding } }
    private func countAccepted() { lock.withLock { acceptedCount += 1 } }

    private final class WeakPeer: @unchecked Sendable {
        weak var peer: ScriptedPeer?
        init(_ peer: ScriptedPeer) { self.peer = peer }
    }
}

/// One connection of a ``ScriptedPeer``; reads and writes block.
public struct ScriptedConnection: Sendable {
    public let descriptor: Int32
    private let shouldEnd: @Sendable () -> Bool

    init(descriptor: Int32, shouldEnd: @escaping @Sendable () -> Bool) {
        self.descriptor = descriptor
        self.shouldEnd = shouldEnd
    }

    var isEnding: Bool { shouldEnd() }

    private func wait(for events: Int32) -> Bool {
        while !shouldEnd() {
            var entry = posix_poll_entry(descriptor: descriptor, events: Int16(events), revents: 0)
            if posix_poll(&entry, 1, 20) > 0 { return true }
        }
        return false
    }

    /// At least one byte, at most `count`; empty at the end.
    public func read(upTo count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while wait(for: POSIX_POLL_IN) {
            let result = bytes.withUnsafeMutableBufferPointer { posix_socket_read(descriptor, $0.baseAddress, $0.count) }
            if result > 0 { return Array(bytes.prefix(result)) }
            if result != -Int(EAGAIN) { break }
        }
        return []
    }

    /// Exactly `count` bytes; nil at the end.
    public func read(exactly count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = read(upTo: count - bytes.count)
            if more.isEmpty { return nil }
            bytes += more
        }
        return bytes
    }

    /// The next MQTT packet: first byte, and everything behind the remaining length; nil at the end.
    public func readPacket() -> (header: UInt8, body: [UInt8])? {
        guard let header = read(exactly: 1)?[0] else { return nil }
        var (length, shift) = (0, 0)
        while shift <= 21 {
            guard let byte = read(exactly: 1)?[0] else { return nil }
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        guard let body = length == 0 ? [] : read(exactly: length) else { return nil }
        return (header, body)
    }

    /// Writes everything; false if the other end is gone.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            guard wait(for: POSIX_POLL_OUT) else { return false }
            let result = bytes[offset...].withUnsafeBufferPointer { posix_socket_write(descriptor, $0.baseAddress, $0.count) }
            if result > 0 { offset += result } else if result != -Int(EAGAIN) { return false }
        }
        return true
    }

    /// Reads and forgets until the other end closes.
    public func drain() { while !read(upTo: 65_536).isEmpty {} }
}
