internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents
internal import SensorSources

/// `record KIND key=value...`: one event from a shell, through the intake socket; the exit code says whether it is durable.
enum RecordCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let kind = arguments.operands.first else { return AgentProgram.usage("record needs a kind, such as door.opened") }
        if let meant = meant(by: kind) {
            Output.complain("there is no kind \(kind.string): was \(meant.string) meant? harborseal-agent record --help lists them")
            return .data
        }
        var line = RecordLine(kind: kind)
        for operand in arguments.operands.dropFirst() {
            guard line.take(operand) else {
                return AgentProgram.usage("\(operand.string) is not key=value")
            }
        }
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            Output.complain(error.message.string)
            return error.exitCode
        }
        guard let path = line.socket ?? intakeSocket(configuration) else {
            Output.complain("no [source.NAME] of type intake is configured: add one, or name a socket with socket=PATH")
            return .configuration
        }
        return send(line.json, to: path)
    }

    /// The kinds that programs and people may record, with what each must have.
    static var kinds: UTF8Text {
        var out: UTF8Text = "Kinds, and what each needs (what stands in brackets only a line at the intake socket can carry):\n"
        for row in EventCatalogue.kinds where row.epcis != nil || row.kind == .eventRetracted {
            out = out + "  " + row.name.text
            for field in row.mandatory { out = out + " " + field.recordWord(measured: row.measured) }
            out = out + "\n"
        }
        return out
    }

    /// The kind whose name a person most likely meant: two slips or less away. Nil for a kind's own name, and for one that is far from
    /// all of them, such as a firm's own.
    static func meant(by name: UTF8Text) -> UTF8Text? {
        let nearest = NearestName.find(name, among: EventCatalogue.kinds.map { $0.name.text }, within: 2)
        return nearest == name ? nil : nearest
    }

    private static func intakeSocket(_ configuration: AgentConfiguration) -> UTF8Text? {
        for source in configuration.sources {
            if case .intake(let path, _, _, _) = source.kind { return path }
        }
        return nil
    }

    private static func send(_ line: [UInt8], to path: UTF8Text) -> ExitCode {
        var client = SocketClient()
        let connected = client.connect(path)
        guard connected >= 0 else {
            let problem = StatusCommand.notReached(path, error: -connected)
            Output.complain(problem.text)
            return problem.code
        }
        guard client.send(line) else {
            Output.complain("the agent closed the connection: the event may not be stored; record it again with source and number")
            return .inputOutput
        }
        let answer = client.receiveLine(limit: 65_536)
        guard !answer.isEmpty else {
            Output.complain("no answer within ten seconds: the event may not be stored; run harborseal-agent doctor, which says what holds sources back")
            return .temporary
        }
        Output.write(answer + [UInt8(ascii: "\n")])
        guard answer.starts(with: Array("{\"epoch\"".utf8)) else { return .data }
        if answer.suffix(6).elementsEqual(":true}".utf8) {
            Output.complain("this source gave this number before: that event stands, and nothing new is stored; give each event its own number")
        }
        return .success
    }
}

/// An intake line made of `key=value` words.
struct RecordLine {
    private let kind: UTF8Text
    private var what: [UTF8Text] = []
    private var plain: [(StaticString, UTF8Text, isNumber: Bool)] = []
    private var documents: [(UTF8Text, UTF8Text)] = []
    private var fields: [(UTF8Text, UTF8Text)] = []
    private(set) var socket: UTF8Text?

    init(kind: UTF8Text) { self.kind = kind }

    /// Takes one word; `false` if it is not key=value.
    mutating func take(_ word: UTF8Text) -> Bool {
        guard let equals = word.bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0,
            let key = UTF8Text(validating: Array(word.bytes[..<equals])),
            let value = UTF8Text(validating: Array(word.bytes[(equals + 1)...]))
        else { return false }
        switch key {
        // A tamper's own field has this name; every identifier has a colon.
        case "what" where isTamper && !value.bytes.contains(UInt8(ascii: ":")): fields.append((key, value))
        case "what": what.append(value)
        case "read-point": plain.append(("readPoint", value, isNumber: false))
        case "time": plain.append(("time", value, isNumber: false))
        case "source": plain.append(("source", value, isNumber: false))
        case "number": plain.append(("number", value, isNumber: true))
        case "socket": socket = value
        default:
            if key.hasPrefix("document."), let name = UTF8Text(validating: Array(key.bytes.dropFirst(9))) {
                documents.append((name, value))
            } else {
                fields.append((key, value))
            }
        }
        return true
    }

    private var isTamper: Bool { KnownKind(name: kind.bytes.span) == .tamperDetected }

    /// The line, with its end.
    var json: [UInt8] {
        var out: [UInt8] = []
        out.append("{\"kind\":")
        out.appendJSON(text: kind.string)
        for (key, value, isNumber) in plain {
            out.append(",\"")
            out.append(key)
            out.append("\":")
            if isNumber, JSONGrammar.isNumber(value.bytes.span) { out.append(contentsOf: value.bytes) } else { out.appendJSON(text: value.string) }
        }
        if !what.isEmpty {
            out.append(",\"what\":[")
            for (index, item) in what.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                out.appendJSON(text: item.string)
            }
            out.append("]")
        }
        out.appendObject(",\"documents\":", documents) { _, _ in false }
        out.appendObject(",\"fields\":", fields, isNumber: Self.isNumber)
        out.append("}\n")
        return out
    }

    /// Whether a field's value stands without quotes: by the table's type of it; a firm's own where it is a whole number.
    private static func isNumber(_ name: UTF8Text, _ value: UTF8Text) -> Bool {
        guard JSONGrammar.isNumber(value.bytes.span) else { return false }
        switch ExtensionField(name: name.bytes.span)?.type {
        case .integer, .measured: return true
        case nil: return value.byteCount <= 18 && value.bytes.dropFirst().allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        default: return false
        }
    }
}

extension Array<UInt8> {
    /// An object of texts, and of numbers where they are to be; nothing if it is empty.
    fileprivate mutating func appendObject(
        _ head: StaticString, _ members: [(UTF8Text, UTF8Text)], isNumber: (UTF8Text, UTF8Text) -> Bool
    ) {
        guard !members.isEmpty else { return }
        append(head)
        for (index, (name, value)) in members.enumerated() {
            append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            appendJSON(text: name.string)
            append(UInt8(ascii: ":"))
            if isNumber(name, value) { append(contentsOf: value.bytes) } else { appendJSON(text: value.string) }
        }
        append(UInt8(ascii: "}"))
    }
}
