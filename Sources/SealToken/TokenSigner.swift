public import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import MerkleTree

/// The seal key in a token as the agent's loop has it: a question is begun and its answer is there some turns later, and nothing here waits.
///
/// A helper process owns the token. While it is away, hangs or has no token, the question stays: the very same bytes are signed once it can be,
/// so a batch that waited is never signed with other content.
public final class TokenSigner {
    /// The token as the helper found it.
    public struct Found: Equatable, Sendable {
        public let publicKey: PublicKey
        public let slotID: UInt64
        public let label: UTF8Text
    }

    /// The running program itself.
    public static let ownProgram: UTF8Text = "/proc/self/exe"

    private let uri: TokenURI
    /// What each helper is told first.
    private let order: UInt8
    private let program: UTF8Text
    private var life: HelperLife
    private var process: Int32 = 0
    /// Helpers that were ended and are not collected yet.
    private var leaving: [Int32] = []
    /// More than this many that do not go mean that the device holds them: no further one is started meanwhile.
    private static let leavingLimit = 2
    private static let collectMilliseconds: UInt64 = 20
    /// The socket to the helper, to be polled for reading; negative while there is none.
    public private(set) var descriptor: Int32 = -1
    private var verifier: P256Verifier?
    private var expectedKey: PublicKey?
    private var message: [UInt8]?
    private var number: UInt32 = 0
    private var isAsked = false
    private var signature: Signature?

    /// The token, since it was found; kept while the helper is away.
    public private(set) var found: Found?
    /// What keeps it from signing now.
    public private(set) var failure: TokenError?
    public var trouble: String? { failure?.message }
    /// What came of an errand so far, and whether that is all.
    private(set) var answer = TokenAnswer()
    private(set) var isDone = false
    /// How long the token took for the latest signature.
    public private(set) var signatureMicroseconds: UInt64?
    /// Helpers started, the first one among them.
    public private(set) var startCount: UInt64 = 0

    /// - Parameters:
    ///   - expectedKey: the seal certificate's; nil takes what the token has.
    ///   - order: what a helper is told to do, as `TokenMessage` has it: find the key.
    ///   - program: what is spawned as `PROGRAM token-helper`.
    ///   - patienceMilliseconds: how long one answer may take.
    public init(
        _ uri: TokenURI, expecting expectedKey: PublicKey?, order: UInt8 = 0, program: UTF8Text = TokenSigner.ownProgram,
        patienceMilliseconds: UInt64? = nil
    ) {
        self.uri = uri
        self.order = order
        self.expectedKey = expectedKey
        self.program = program
        life = HelperLife(patienceMilliseconds: patienceMilliseconds ?? HelperLife.usualPatienceMilliseconds)
        verifier = expectedKey.flatMap { P256Verifier(publicKey: $0) }
    }

    deinit { endHelper() }

    // MARK: - The signer

    /// Takes the message to sign, in place of one that was not signed yet.
    public func begin(_ message: [UInt8], nowMilliseconds: UInt64) {
        self.message = message
        signature = nil
        number &+= 1
        isAsked = false
        ask(at: nowMilliseconds)
    }

    /// The signature over the message given to ``begin(_:nowMilliseconds:)``, verified; nil while it is not there.
    public func finish() -> Signature? {
        guard let signature else { return nil }
        self.signature = nil
        message = nil
        return signature
    }

    private func ask(at now: UInt64) {
        guard let message, !isAsked, signature == nil, life.phase == .ready else { return }
        let question = TokenMessage.sign(number: number, digest: SHA256.hash(message.span))
        guard send(question) else { return }
        isAsked = true
        life.asked(at: now)
    }

    // MARK: - One turn

    /// When ``advance(isReadable:nowMilliseconds:)`` must be called at the latest, beside whenever ``descriptor`` can be read.
    public func nextDeadline(nowMilliseconds now: UInt64) -> UInt64? {
        guard !leaving.isEmpty else { return life.deadlineMilliseconds }
        let look = now &+ Self.collectMilliseconds
        // The start waits for the collection.
        return life.deadlineMilliseconds.map { $0 > now ? min($0, look) : look } ?? look
    }

    /// Whether only a person can make it go on: ``retry(nowMilliseconds:)``.
    public var isStopped: Bool { life.phase == .stopped }
    /// Whether the helper has found the key and serves.
    public var isReady: Bool {
        switch life.phase {
        case .ready, .signing: true
        default: false
        }
    }

    /// Starts the helper when it is due, takes what it says, and ends it when it is late.
    ///
    /// - Parameter isReadable: something happened to ``descriptor``.
    public func advance(isReadable: Bool, nowMilliseconds now: UInt64) {
        if !leaving.isEmpty { collect() }
        if life.isStartDue(at: now), leaving.count < Self.leavingLimit { start(at: now) }
        if isReadable { while descriptor >= 0, receive(at: now) {} }
        if life.isLate(at: now) {
            endHelper()
            failure = TokenError(.helperLate, at: place, module)
            life.ended(at: now)
        }
        ask(at: now)
    }

    /// Starts anew after what only a person could mend.
    public func retry(nowMilliseconds now: UInt64) {
        endHelper()
        isAsked = false
        life.restart(at: now)
    }

    /// Ends the helper for good, at its own pace first: it logs out and leaves nothing behind in the token. Takes 0.5 s at most.
    public func stop() {
        if descriptor >= 0 { _ = posix_socket_close(descriptor) }
        descriptor = -1
        for _ in 0..<Self.stopLooks where process > 0 {
            if posix_reader_end(process, false) != -POSIX_EAGAIN { process = 0 } else { posix_sleep_milliseconds(Self.stopLookMilliseconds) }
        }
        endHelper()
        life.stop()
    }

    private static let stopLooks = 50
    private static let stopLookMilliseconds: UInt32 = 10

    private func start(at now: UInt64) {
        isAsked = false
        let result = program.withCCharacters { program in
            TokenHelper.word.withCCharacters { posix_helper_spawn(program, $0, &descriptor, &process) }
        }
        startCount += 1
        guard result >= 0 else {
            (descriptor, process) = (-1, 0)
            failure = TokenError(.helperNotStarted(errno: -result), at: place)
            return life.ended(at: now)
        }
        life.started(at: now)
        _ = send(.open(order: order, uri: uri.text.bytes))
    }

    /// Takes one message; `false` when there is none now.
    private func receive(at now: UInt64) -> Bool {
        var bytes = [UInt8](repeating: 0, count: TokenMessage.byteLimit)
        let count = bytes.withUnsafeMutableBufferPointer { posix_socket_read(descriptor, $0.baseAddress, $0.count) }
        if count == -Int(POSIX_EAGAIN) { return false }
        guard count > 0, let message = TokenMessage(parsing: Array(bytes[..<count])) else {
            endHelper()
            failure = TokenError(.helperEnded, at: place, module)
            life.ended(at: now)
            return false
        }
        take(message, at: now)
        return true
    }

    private func take(_ message: TokenMessage, at now: UInt64) {
        switch message {
        case .loggingIn: life.logsIn()
        case .opened(let publicKey, let slot, let label): opened(publicKey, slot, label, at: now)
        case .signed(let number, let raw, let microseconds):
            guard number == self.number, isAsked, let question = self.message, let verifier else { return life.answered() }
            isAsked = false
            signatureMicroseconds = UInt64(microseconds)
            guard let signature = TokenKey.judged(raw, question, verifier) else {
                return give(up: TokenError(.signatureNotVerified, at: place), at: now)
            }
            self.signature = signature
            failure = nil
            life.signed()
        case .failed(let kind, let words): give(up: TokenError(kind, reporting: words), at: now)
        case .said(let part): if answer.output.count < TokenAnswer.byteLimit { answer.output += part }
        case .done(let code, let notes):
            (answer.code, answer.notes) = (code, notes)
            isDone = true
        // What only a helper is told.
        case .open, .sign: break
        }
    }

    private func opened(_ publicKey: PublicKey, _ slot: UInt64, _ label: [UInt8], at now: UInt64) {
        found = Found(publicKey: publicKey, slotID: slot, label: .ofStranger(String(decoding: label, as: UTF8.self)))
        if let expectedKey, expectedKey != publicKey { return give(up: TokenError(.otherKey, at: place), at: now) }
        expectedKey = publicKey
        if verifier == nil { verifier = P256Verifier(publicKey: publicKey) }
        failure = nil
        life.opened()
    }

    private func give(up error: TokenError, at now: UInt64) {
        failure = error
        endHelper()
        isAsked = false
        life.failed(needsPerson: error.needsPerson, at: now)
    }

    /// Token and slot, as far as they are known.
    private var place: String {
        if let found { return "token \"\(found.label.string)\" in slot \(found.slotID)" }
        return uri.token.map { "token \"\($0.string)\"" } ?? "the token"
    }

    /// The library, where it is to blame.
    private var module: String { (uri.modulePath ?? uri.moduleName ?? "").string }

    private func send(_ message: TokenMessage) -> Bool {
        let bytes = message.bytes
        return bytes.withUnsafeBufferPointer { posix_socket_write(descriptor, $0.baseAddress, $0.count) } == bytes.count
    }

    // MARK: - Ends

    /// Ends the helper, which has nothing to save. It is collected once it is gone.
    private func endHelper() {
        if descriptor >= 0 { _ = posix_socket_close(descriptor) }
        descriptor = -1
        if process > 0 { leaving.append(process) }
        process = 0
        collect()
    }

    /// SIGKILL is obeyed at once, but by a process that waits for a device in the kernel.
    private func collect() { leaving.removeAll { posix_reader_end($0, true) != -POSIX_EAGAIN } }
}
