public import AttestationFormat
internal import ConfigurationFile
public import LogisticsEvents

extension AgentConfiguration {
    /// The local broker of a source of type mqtt, and how it is reached.
    public struct LocalBroker: Equatable, Sendable {
        public var host: UTF8Text
        public var port: UInt16
        public var user: UTF8Text?
        /// A file whose first line is the password.
        public var passwordFile: UTF8Text?
        public var authorityFile: UTF8Text?
    }

    /// `[mapping.NAME]`: which value of which messages is which sensor's.
    public struct Mapping: Equatable, Sendable {
        /// The name of its source.
        public var source: UTF8Text
        /// The sensor's name.
        public var sensor: UTF8Text
        public var topic: UTF8Text
        public var pointer: UTF8Text
        public var value: MappedValue
    }
}

extension AgentConfiguration.LocalBroker {
    init(_ section: UTF8Text, _ resolved: ResolvedConfiguration) {
        host = resolved.text(section, "host") ?? ""
        port = UInt16(clamping: resolved.number(section, "port") ?? 0)
        user = resolved.text(section, "user")
        passwordFile = resolved.text(section, "password-file")
        authorityFile = resolved.text(section, "ca")
    }

    /// Whether nobody but this machine's own programs can reach it.
    static func isLoopback(_ host: UTF8Text) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

extension AgentConfiguration.Mapping {
    init(_ name: UTF8Text, _ resolved: ResolvedConfiguration) {
        let section = "mapping." + name
        source = resolved.text(section, "source") ?? ""
        sensor = resolved.text(section, "sensor") ?? name
        topic = resolved.text(section, "topic") ?? ""
        pointer = resolved.text(section, "pointer") ?? ""
        value = AgentConfiguration.Mapping.value(section, resolved)
    }

    /// What the value is; judged by the table already.
    static func value(_ section: UTF8Text, _ resolved: ResolvedConfiguration) -> MappedValue {
        switch resolved.text(section, "value") {
        case "contact": return .contact
        case "opening": return .opening
        default: break
        }
        if let word = resolved.text(section, "value"), let part = RuuviPart(name: word) { return .ruuvi(part) }
        let name = resolved.text(section, "quantity") ?? ""
        let factor = DecimalFactor(text: resolved.text(section, "scale") ?? "1")
        return .number(Quantity(name: name.bytes.span) ?? .count, factor ?? .one)
    }
}
