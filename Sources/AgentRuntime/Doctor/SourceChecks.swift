internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import SmallFiles

/// Whether what each source reads is there, while no agent runs that could tell more.
enum SourceChecks {
    static func run(_ configuration: AgentConfiguration, _ findings: inout Findings) {
        if configuration.sources.isEmpty {
            findings.add(.warning, "source", "", "none is configured: this gateway records nothing", advice: "add a [source.NAME] to agent.conf")
        }
        for source in configuration.sources { check(source.kind, source.name.string, &findings) }
    }

    private static func check(_ kind: AgentConfiguration.SourceKind, _ name: String, _ findings: inout Findings) {
        switch kind {
        case .gpsd(let host, let port, _): reach("gpsd", host, port, name, &findings)
        case .mqtt(let broker): reach("the local broker", broker.host, broker.port, name, &findings)
        case .nmea(let device, _, _): find(device, name, &findings)
        case .replay(let file, _):
            do throws(FileError) {
                _ = try SmallFile.facts(of: file)
                findings.ok("source", name, "the recording is there")
            } catch {
                findings.add(.problem, "source", name, error.message, advice: "put the recording there, or name the right file")
            }
        default: findings.ok("source", name, "configured; a running agent tells more")
        }
    }

    private static func reach(_ what: String, _ host: UTF8Text, _ port: UInt16, _ name: String, _ findings: inout Findings) {
        if let words = BrokerProbe.reach(host, port) {
            findings.add(.problem, "source", name, "\(what): \(words)", advice: "start \(what), or correct host and port")
        } else {
            findings.ok("source", name, "\(what) answers")
        }
    }

    private static func find(_ device: UTF8Text, _ name: String, _ findings: inout Findings) {
        var facts = posix_path_facts()
        let result = device.withCText { posix_path_facts_of($0, &facts) }
        if result == 0 {
            findings.ok("source", name, "the device is there")
        } else {
            findings.add(
                .problem, "source", name, "\(device.string): \(SystemWords.of(-result))",
                advice: "plug the receiver in, or name its device, such as /dev/serial/by-id/...")
        }
    }
}
