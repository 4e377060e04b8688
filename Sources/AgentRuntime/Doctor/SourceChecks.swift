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
        for source in configuration.sources {
            switch source.kind {
            case .gpsd(let host, let port, _): reach("gpsd", host, port, source.name, &findings)
            case .mqtt(let broker): reach("the local broker", broker.host, broker.port, source.name, &findings)
            case .nmea(let device, _, _):
                var facts = posix_path_facts()
                let result = device.withCText { posix_path_facts_of($0, &facts) }
                if result == 0 {
                    findings.ok("source", source.name.string, "the device is there")
                } else {
                    findings.add(
                        .problem, "source", source.name.string, device.string + ": " + SystemWords.of(-result),
                        advice: "plug the receiver in, or name its device, such as /dev/serial/by-id/...")
                }
            case .replay(let file, _):
                do throws(FileError) {
                    _ = try SmallFile.facts(of: file)
                    findings.ok("source", source.name.string, "the recording is there")
                } catch {
                    findings.add(.problem, "source", source.name.string, error.message, advice: "put the recording there, or name the right file")
                }
            default:
                findings.ok("source", source.name.string, "configured; a running agent tells more")
            }
        }
    }

    private static func reach(_ what: String, _ host: UTF8Text, _ port: UInt16, _ source: UTF8Text, _ findings: inout Findings) {
        if let words = BrokerProbe.reach(host, port) {
            findings.add(.problem, "source", source.string, what + ": " + words, advice: "start " + what + ", or correct host and port")
        } else {
            findings.ok("source", source.string, what + " answers")
        }
    }
}
