internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import MQTTLink

/// Connects to a broker as the agent would: TCP, TLS, MQTT's CONNACK.
enum BrokerProbe {
    /// Longer than the link's own patience for a CONNACK, so that its words are heard.
    private static let patienceMilliseconds: Int64 = 15_000
    private static let tcpMilliseconds: Int32 = 5_000

    /// Whether something listens there; `nil` if so, else the system's words.
    static func reach(_ host: UTF8Text, _ port: UInt16) -> String? {
        let descriptor = host.withCText { posix_tcp_connect($0, port) }
        guard descriptor >= 0 else { return SystemWords.of(-descriptor) }
        defer { _ = posix_socket_close(descriptor) }
        var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_OUT), revents: 0)
        guard posix_poll(&entry, 1, tcpMilliseconds) > 0 else { return "no answer within 5 s" }
        let error = posix_socket_error(descriptor)
        return error == 0 ? nil : SystemWords.of(-error)
    }

    /// The whole way. Only while the agent itself is not connected: the broker would take the connection away from it.
    static func connect(
        _ broker: AgentConfiguration.Broker, _ configuration: AgentConfiguration, gatewayID: GatewayID, into findings: inout Findings
    ) {
        let name = broker.name
        var one = configuration
        one.link.brokers = [broker]
        let link: BrokerLink
        do throws(SetupError) {
            guard let made = try AgentSetup.makeLink(one, gatewayID: gatewayID) else { return }
            link = made
        } catch {
            findings.add(.problem, "broker", name, error.text, advice: "correct [link] in agent.conf")
            return
        }
        // A probe is no gateway going offline.
        link.lastWill = nil
        link.start(nowMilliseconds: posix_boottime_milliseconds())
        let deadline = posix_boottime_milliseconds() + patienceMilliseconds
        var cause: LinkCause?
        while posix_boottime_milliseconds() < deadline {
            turn(link, deadline: deadline)
            while let event = link.nextEvent() {
                switch event {
                case .connected(_, let version):
                    link.stop()
                    findings.ok("broker", name, version == .v5 ? "TCP, TLS and MQTT 5 answer" : "TCP, TLS and MQTT 3.1.1 answer")
                    return
                case .attemptFailed(let why), .disconnected(let why): cause = why
                default: break
                }
            }
            // Of a broker that knows only 3.1.1 the second attempt tells.
            if let cause, cause.code != .versionRefused { break }
        }
        let tcp = reach(broker.host, broker.port) == nil ? "TCP answers; " : ""
        let seen = cause ?? LinkCause(.noAnswer)
        findings.add(.problem, "broker", name, tcp + seen.happened, advice: seen.step + "; events are recorded, signed and stored meanwhile")
    }

    private static func turn(_ link: BrokerLink, deadline: Int64) {
        let now = posix_boottime_milliseconds()
        let due = min(deadline, link.nextDeadlineMilliseconds ?? deadline)
        var entry = posix_poll_entry(descriptor: link.pollDescriptor, events: link.pollEvents, revents: 0)
        _ = posix_poll(&entry, 1, Int32(clamping: max(0, due - now)))
        link.handle(revents: entry.revents, nowMilliseconds: posix_boottime_milliseconds())
    }
}

extension AgentConfiguration.Broker {
    /// As findings name it.
    var name: String { "\(host.string):\(Int(port))" }
}
