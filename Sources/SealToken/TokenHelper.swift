public import AttestationFormat
internal import CPosixShims

/// The process that owns the token, so that a module that waits, crashes, leaks or ends its process does so beside the agent and its commands: it
/// finds the key once, then signs digest after digest until its parent goes, or does one errand. It reads the PIN itself; nobody else holds it.
public enum TokenHelper {
    /// The hidden subcommand of `harborseal-agent` that runs it.
    public static let word: UTF8Text = "token-helper"

    /// The parent's end of the socket pair is standard input.
    private static let parent: Int32 = 0

    /// Serves its parent until that goes. `false` when nobody spawned it as a helper.
    ///
    /// - Parameter errand: does the command's errand of this number.
    public static func run(errand: (UInt8, TokenURI) -> TokenAnswer) -> Bool {
        guard posix_helper_begin() else { return false }
        guard case .open(let order, let bytes)? = receive(), let text = UTF8Text(validating: bytes) else { return true }
        do throws(TokenError) {
            let uri = try read(text)
            if order < TokenMessage.firstErrand {
                try serve(uri, isNew: order == TokenMessage.makesKey)
            } else {
                tell(errand(order - TokenMessage.firstErrand, uri))
            }
        } catch {
            send(.failed(error.kind, words: Array(error.report.utf8)))
        }
        return true
    }

    private static func read(_ text: UTF8Text) throws(TokenError) -> TokenURI {
        do throws(TokenURIError) {
            return try TokenURI(text)
        } catch {
            throw TokenError(.failed, at: "[seal] key", error.reason.string)
        }
    }

    private static func tell(_ answer: TokenAnswer) {
        var rest = answer.output[...]
        while !rest.isEmpty {
            send(.said(Array(rest.prefix(TokenMessage.partByteLimit))))
            rest = rest.dropFirst(TokenMessage.partByteLimit)
        }
        send(.done(code: answer.code, notes: answer.notes))
    }

    private static func serve(_ uri: TokenURI, isNew: Bool) throws(TokenError) {
        send(.loggingIn)
        let key = isNew ? try TokenKey.make(uri) : try TokenKey(uri)
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
