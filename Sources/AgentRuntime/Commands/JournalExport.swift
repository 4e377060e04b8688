internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile

/// What the agent says in front of each piece of `journal export` and `import`: `AgentLoop.head`.
struct CarryHead {
    let next: UInt64
    let signedEnd: UInt64
    let nextSequence: UInt64
    let epoch: UTF8Text
    /// Where the carried messages begin in the answer.
    let itemStart: Int

    init?(_ answer: [UInt8]) {
        guard let end = answer.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = answer[..<end].split(separator: UInt8(ascii: " ")).map { UTF8Text(validating: Array($0)) ?? "" }
        guard words.count == 4, let next = words[0].number(after: ""), let signedEnd = words[1].number(after: ""),
            let nextSequence = words[2].number(after: ""), words[3].byteCount == 16
        else { return nil }
        self.next = next
        self.signedEnd = signedEnd
        self.nextSequence = nextSequence
        epoch = words[3]
        itemStart = end + 1
    }
}

/// `journal export FOLDER [FROM]`: for a gateway without a network, what it would publish, on a stick.
enum JournalExport {
    static func run(_ configuration: AgentConfiguration, folder: UTF8Text, from first: UInt64?, asJSON: Bool) throws(SetupError) -> ExitCode {
        let question = ControlQuestion(configuration)
        let (start, hello) = try question.carry("carry\n")
        let from = first ?? start.next
        var error: Int32 = 0
        var writer = CarriedFileWriter(folder: folder, error: &error)
        guard error == 0 else { throw failure(folder, error) }
        guard hello.count > start.itemStart else {
            throw SetupError(.noInput, "there is no seal certificate, and no node takes batches without it: enrol this gateway first")
        }
        try check(writer.write(hello[start.itemStart...]), folder)
        var cursor = from
        while cursor < start.signedEnd {
            let (head, answer) = try question.carry("carry \(cursor)\n")
            guard head.epoch == start.epoch else {
                throw SetupError(.temporary, "the agent began a new epoch meanwhile: run this again")
            }
            guard head.next > cursor else { break }
            try check(writer.write(answer[head.itemStart...]), folder)
            cursor = head.next
        }
        let name = configuration.identity.firm + "." + configuration.identity.device + "-" + start.epoch
            + UTF8Text("-\(from)-\(cursor).hscarry")
        guard cursor > from else {
            Output.print(asJSON ? "{\"events\":0,\"file\":null}" : "nothing to export: every signed event from \(from) on is with the nodes")
            return .success
        }
        try check(writer.publish(as: name), folder)
        var line: [UInt8] = []
        if asJSON {
            line.append(contentsOf: "{\"events\":\(cursor - from),\"file\":".utf8)
            line.appendJSON(text: (folder + "/" + name).string)
            line.append("}\n")
        } else {
            line = Array("\(cursor - from) events in \(folder.string)/\(name.string)\n".utf8)
            line.append("  next: harborseal node import at as many nodes as the quorum needs, then harborseal-agent journal import here\n")
        }
        Output.write(line)
        guard cursor >= start.signedEnd else {
            throw SetupError(.inputOutput, "the journal cannot be read from sequence \(cursor) on: run harborseal-agent doctor")
        }
        return .success
    }

    static func check(_ result: Int32, _ folder: UTF8Text) throws(SetupError) {
        guard result == 0 else { throw failure(folder, result) }
    }

    static func failure(_ folder: UTF8Text, _ error: Int32) -> SetupError {
        SetupError(.cannotCreate, "\(folder.string): \(SystemWords.of(-error)): check that the stick is mounted there, writable, and has room")
    }
}

/// Asks the running agent, one connection a question.
struct ControlQuestion {
    /// Longest answer that is taken: a piece of an export and one message more.
    private static let answerByteCapacity = 1 << 20
    private let path: UTF8Text

    init(_ configuration: AgentConfiguration) { path = configuration.control.socketPath }

    /// The answer; fails when there is none.
    func ask(_ question: [UInt8]) throws(SetupError) -> [UInt8] {
        var client = SocketClient()
        let connected = client.connect(path)
        guard connected >= 0 else { throw StatusCommand.notReached(path, error: -connected) }
        guard client.send(question) else {
            throw SetupError(.inputOutput, "the agent closed the connection: look at its log")
        }
        let answer = client.receiveAll(limit: Self.answerByteCapacity)
        guard !answer.isEmpty else {
            throw SetupError(.inputOutput, "the agent closed the connection without an answer: look at its log")
        }
        guard !answer.starts(with: ControlRequest.refusalStart) else {
            throw SetupError(.system, "the running agent is of another version: restart it")
        }
        return answer
    }

    /// An answer that begins with a ``CarryHead``.
    func carry(_ question: String, body: [UInt8] = []) throws(SetupError) -> (head: CarryHead, answer: [UInt8]) {
        let answer = try ask(Array(question.utf8) + body)
        guard let head = CarryHead(answer) else {
            throw SetupError(.system, "the running agent is of another version: restart it")
        }
        return (head, answer)
    }
}
