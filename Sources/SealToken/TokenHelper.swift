public import AttestationFormat
internal import CPosixShims

/// The process that owns the token, so that a module that waits, crashes or leaks does so beside the agent: it finds the key once, then signs
/// digest after digest until its parent goes. It reads the PIN itself; the agent never holds it.
public enum TokenHelper {
    /// The hidden subcommand of `harborseal-agent` that runs it.
    public static let word: UTF8Text = "token-helper"

    /// The parent's end of the socket pair is standard input.
    private static let parent: Int32 = 0

    /// Serves its parent until that goes. `false` when nobody spawned it as a helper.
    public static func run() -> Bool {
        guard posix_helper_begin() else { return false }
        guard case .open(let bytes)? = receive(), let text = UTF8Text(validating: bytes) else { return true }
        do throws(TokenError) {
            try serve(text)
        } catch {
            send(.failed(needsPerson: error.needsPerson, words: Array(error.message.utf8)))
        }
        return true
    }

    private static func serve(_ text: UTF8Text) throws(TokenError) {
        let uri: TokenURI
        do throws(TokenURIError) {
            uri = try TokenURI(text)
        } catch {
            throw TokenError(.failed, at: "[seal] key", error.reason.string)
        }
        send(.loggingIn)
        let key = try TokenKey(uri)
        send(.opened(publicKey: key.publicKey, slot: key.slot.id, label: key.slot.label.bytes))
        while case .sign(let number, let digest)? = receive() {
            let start = posix_monotonic_nanoseconds()
            let signature = try key.sign(digest: digest)
            let microseconds = UInt32(clamping: (posix_monotonic_nanoseconds() - start) / 1_000)
            send(.signed(number: number, signature: signature, microseconds: microseconds))
        }
    }

    /// Waits for the parent's next message; nil when it is gone or says what it never says.
    private static func receive() -> TokenMessage? {
        var bytes = [UInt8](repeating: 0, count: TokenMessage.byteLimit)
        let count = bytes.withUnsafeMutableBufferPointer { posix_socket_read(parent, $0.baseAddress, $0.count) }
        return count > 0 ? TokenMessage(parsing: Array(bytes[..<count])) : nil
    }

    private static func send(_ message: TokenMessage) {
        let bytes = message.bytes
        _ = bytes.withUnsafeBufferPointer { posix_socket_write(parent, $0.baseAddress, $0.count) }
    }
}
