public import AttestationFormat
import CPosixShims
public import LogisticsEvents

/// The intake socket: newline-delimited JSON, one event a line, answered by line once it is durable.
///
/// A line's answer is `{"epoch":"0011223344556677","sequence":12}`, with `"known":true` where its number was stored before, or `{"error":"...","key":"readings[0].value"}`; answers
/// come in the order of the lines. A bad line costs its sender an error, and nothing else.
public final class IntakeSource {
    /// Most senders at a time; each costs at most about 100 KiB when it does its worst.
    public static let maximumClientCount = 16
    /// When every place is taken, a sender that has said no whole line for so long gives its own to a new one: a script that leaks
    /// connections must not stop the others. It connects again when it has something to say.
    static let silentAfterMilliseconds: UInt64 = 10_000
    /// How long the listener is left alone after the process ran out of descriptors: it stays readable, and the loop would spin.
    private static let listenAgainMilliseconds: UInt64 = 1_000
    /// Lines taken from one client before the next has its turn.
    private static let maximumLinesPerTurn = 256

    /// Lines that were no events, since the start.
    public private(set) var refusedCount: UInt64 = 0
    /// Senders turned away: not allowed, or one too many.
    public private(set) var turnedAwayCount: UInt64 = 0
    /// Those of them that are not allowed: neither their user nor their group may record.
    public private(set) var strangerCount: UInt64 = 0

    private let listener: Int32
    private let allowedUserIDs: [UInt32]
    private let allowedGroupIDs: [UInt32]
    private var clients: [IntakeClient] = []
    private var connectionCount: UInt64 = 0
    private var nowMilliseconds: UInt64 = 0
    /// Until when no connection is taken, after the process ran out of descriptors.
    private var deafUntilMilliseconds: UInt64?
    private var parser = IntakeParser()
    /// Whose turn is first, so that no client starves the others.
    private var firstTurn = 0

    static let name: UTF8Text = "intake"

    /// Listens at `path`. Root and this process's own user are always allowed; of a sender's groups the kernel shows
    /// the primary one only.
    ///
    /// Throws ``SourceError`` `.system` when the socket cannot be made.
    public init(
        path: UTF8Text, mode: UInt32 = 0o660, allowedUserIDs: [UInt32] = [], allowedGroupIDs: [UInt32] = []
    ) throws(SourceError) {
        self.allowedUserIDs = allowedUserIDs + [0, posix_user_id()]
        self.allowedGroupIDs = allowedGroupIDs
        listener = posix_unix_listen(path.cString, mode, Int32(IntakeSource.maximumClientCount))
        guard listener >= 0 else { throw .system(errno: -listener, step: "listening at", path: path) }
    }

    deinit {
        for client in clients { _ = posix_socket_close(client.descriptor) }
        if listener >= 0 { _ = posix_socket_close(listener) }
    }

    /// Appends listener and clients; nothing is read from clients while `isHeldBack`.
    public func appendInterests(to interests: inout [PollInterest], isHeldBack: Bool) {
        if deafUntilMilliseconds == nil {
            interests.append(PollInterest(descriptor: listener, wantsRead: true, wantsWrite: false))
        }
        for client in clients {
            interests.append(
                PollInterest(
                    descriptor: client.descriptor, wantsRead: !isHeldBack && client.wantsRead,
                    wantsWrite: client.wantsWrite))
        }
    }

    /// Takes connections, reads lines, makes events and sends answers, as far as that goes without waiting.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        nowMilliseconds = context.moment.monotonicMilliseconds
        if let until = deafUntilMilliseconds, nowMilliseconds >= until { deafUntilMilliseconds = nil }
        var room = context.eventRoom
        for interest in interests where interest.isReady {
            if interest.descriptor == listener { accept(mayMakeRoom: context.eventRoom > 0, into: &output) }
        }
        for turn in 0..<clients.count {
            let index = (firstTurn + turn) % clients.count
            readIfReady(index, interests, mayRead: context.eventRoom > 0)
            takeLines(index, context: context, room: &room, salts: &salts, into: &output)
            clients[index].write(nowMilliseconds: nowMilliseconds)
        }
        firstTurn = clients.isEmpty ? 0 : (firstTurn + 1) % clients.count
        removeDone()
    }

    /// Tells the sender, once the event is durable, where it stands.
    ///
    /// - Parameter isKnown: the source gave this number before; what stands there is the first line's event, whatever this one says.
    public func answer(_ token: AnswerToken, epoch: UTF8Text, sequence: UInt64, isKnown: Bool = false) {
        send(IntakeAnswer.stored(epoch: epoch, sequence: sequence, isKnown: isKnown), for: token)
    }

    /// Tells the sender that its line was not stored, for example because the journal is full.
    public func refuse(_ token: AnswerToken, error: UTF8Text, key: UTF8Text = "") {
        send(IntakeAnswer.refused(error: error, key: key), for: token)
    }

    /// Sends what can be sent now; for the end of the loop's round, after answers.
    public func flush() {
        for index in clients.indices { clients[index].write(nowMilliseconds: nowMilliseconds) }
    }

    private func send(_ bytes: [UInt8], for token: AnswerToken) {
        for index in clients.indices where clients[index].connection == token.connection {
            clients[index].answer(token.line, bytes, nowMilliseconds: nowMilliseconds)
            return
        }
    }

    private func accept(mayMakeRoom: Bool, into output: inout SourceOutput) {
        // A flood of connections does not keep the loop here.
        for _ in 0..<IntakeSource.maximumClientCount {
            let descriptor = posix_socket_accept(listener)
            guard descriptor >= 0 else { return noteRefusedAccept(-descriptor, into: &output) }
            var peer = posix_peer()
            let isKnown = posix_socket_peer(descriptor, &peer) == 0
            if !isKnown || !isAllowed(peer) {
                strangerCount += 1
                turnAway(
                    descriptor, "user " + .decimal(Int64(peer.user_id))
                        + " may not record events: add it to the intake's users or groups", into: &output)
            } else if clients.count >= IntakeSource.maximumClientCount, !(mayMakeRoom && makesRoom()) {
                turnAway(descriptor, "16 senders are connected already: close one, or share it", into: &output)
            } else {
                connectionCount += 1
                clients.append(
                    IntakeClient(descriptor: descriptor, connection: connectionCount, nowMilliseconds: nowMilliseconds))
            }
        }
    }

    /// Closes the connection that has said no whole line for longest, if that is long and its sender is owed nothing.
    private func makesRoom() -> Bool {
        var silent: Int?
        for index in clients.indices where clients[index].isOwedNothing && !clients[index].isDone {
            guard nowMilliseconds >= clients[index].heardMilliseconds + IntakeSource.silentAfterMilliseconds else { continue }
            if silent.map({ clients[index].heardMilliseconds < clients[$0].heardMilliseconds }) ?? true { silent = index }
        }
        guard let silent else { return false }
        _ = posix_socket_close(clients[silent].descriptor)
        clients.remove(at: silent)
        return true
    }

    /// Nothing more to accept, or no descriptor left for it.
    private func noteRefusedAccept(_ errno: Int32, into output: inout SourceOutput) {
        guard errno == Int32(POSIX_EMFILE) || errno == Int32(POSIX_ENFILE) else { return }
        deafUntilMilliseconds = nowMilliseconds + IntakeSource.listenAgainMilliseconds
        output.notices.append(
            SourceNotice(
                .warning, source: IntakeSource.name, "no descriptor is left for another sender: raise LimitNOFILE, or close some"))
    }

    private func isAllowed(_ peer: posix_peer) -> Bool {
        allowedUserIDs.contains(peer.user_id) || allowedGroupIDs.contains(peer.group_id)
    }

    private func turnAway(_ descriptor: Int32, _ reason: UTF8Text, into output: inout SourceOutput) {
        let answer = IntakeAnswer.refused(error: reason, key: "")
        _ = answer.withUnsafeBufferPointer { posix_socket_write(descriptor, $0.baseAddress, $0.count) }
        _ = posix_socket_close(descriptor)
        turnedAwayCount += 1
        // One notice for each power of two: a flood is told, and does not fill the log.
        if turnedAwayCount & (turnedAwayCount - 1) == 0 {
            output.notices.append(SourceNotice(.warning, source: IntakeSource.name, "turned away: " + reason))
        }
    }

    private func readIfReady(_ index: Int, _ interests: [PollInterest], mayRead: Bool) {
        let descriptor = clients[index].descriptor
        for interest in interests where interest.descriptor == descriptor {
            if interest.isReadable, mayRead, clients[index].wantsRead {
                clients[index].read()
            } else if interest.hasFailed {
                // The other end is gone for good. Kept open while nothing may be read, it would wake the loop for ever;
                // what it sent and nobody acknowledged, it has to send again.
                clients[index].isBroken = true
            }
        }
    }

    private func takeLines<Salts: SaltSource>(
        _ index: Int, context: SourceContext, room: inout Int, salts: inout Salts, into output: inout SourceOutput
    ) {
        var lines = 0
        while room > 0, lines < IntakeSource.maximumLinesPerTurn, let item = clients[index].next() {
            lines += 1
            do throws(SourceError) {
                guard let event = try event(item, of: index, context: context, salts: &salts) else { continue }
                clients[index].heardMilliseconds = nowMilliseconds
                output.events.append(event)
                room -= 1
            } catch {
                refusedCount += 1
                clients[index].heardMilliseconds = nowMilliseconds
                let token = clients[index].open()
                send(IntakeAnswer.refused(error), for: token)
            }
        }
    }

    /// The event of a line, with its token; nil for a blank line.
    private func event<Salts: SaltSource>(
        _ item: IntakeClient.Item, of index: Int, context: SourceContext, salts: inout Salts
    ) throws(SourceError) -> SourceEvent? {
        guard case .line(let range) = item else {
            throw .json(.tooLong, offset: IntakeParser.maximumLineByteCount)
        }
        let bytes = clients[index].input
        if range.allSatisfy({ bytes[$0] == 0x20 || bytes[$0] == 0x0D || bytes[$0] == 0x09 }) { return nil }
        var line = try parser.parse(bytes.span.extracting(range), at: context.moment)
        let readings = line.judge(by: context.sensors, at: context.moment)
        let encoded = try line.encoded(salts: &salts)
        return SourceEvent(
            bytes: encoded, isPriority: line.draft.isPriority, identity: line.identity, token: clients[index].open(),
            readings: readings)
    }

    private func removeDone() {
        for client in clients where client.isDone { _ = posix_socket_close(client.descriptor) }
        clients.removeAll { $0.isDone }
    }

    /// When to serve next even if no descriptor is ready, in monotonic ms: at once (0) while lines wait that were read
    /// already, later for readers that have stalled.
    public func nextDeadline(isHeldBack: Bool) -> UInt64? {
        var next = deafUntilMilliseconds
        for client in clients {
            if !isHeldBack, client.hasLine { return 0 }
            if let deadline = client.nextDeadline { next = min(next ?? deadline, deadline) }
        }
        return next
    }
}
