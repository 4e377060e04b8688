internal import AgentConfiguration
internal import AttestationFormat
internal import MQTTLink
internal import SensorSources
internal import SmallFiles

extension AgentSetup {
    /// The client of a local broker, with the mappings that name it.
    ///
    /// - Parameter clientID: tells two gateways at one broker apart, or they would throw each other out.
    static func makeLocalClient(
        _ broker: AgentConfiguration.LocalBroker, mappings: [AgentConfiguration.Mapping], clientID: UTF8Text
    ) throws(SourceError) -> MQTTSource {
        var link: LinkConfiguration
        do throws(LinkError) {
            // Without a CA the configuration has made sure that the broker is on this machine, or that nobody else is on the way.
            link = LinkConfiguration(
                brokers: [try BrokerAddress(host: broker.host.string, port: broker.port)], clientID: clientID.string,
                security: try LinkSecurity(
                    authorityFile: broker.authorityFile?.string, certificateFile: nil, keyFile: nil, isInsecure: true))
        } catch {
            throw .broker(UTF8Text(error.text))
        }
        link.userName = broker.user?.string
        if let file = broker.passwordFile { link.password = try password(file) }
        let topics = mappings.compactMap {
            TopicMapping(sensor: $0.sensor, filter: $0.topic, pointer: $0.pointer, value: $0.value)
        }
        return try MQTTSource(link, mappings: topics)
    }

    /// The first line of a file that nobody else may read.
    private static func password(_ path: UTF8Text) throws(SourceError) -> String {
        let file: (bytes: [UInt8], facts: SmallFile.Facts)
        do throws(FileError) {
            file = try SmallFile.readWithFacts(path, limit: 1024)
        } catch {
            throw .broker("the password file " + UTF8Text(error.message))
        }
        guard file.facts.permissions & 0o077 == 0 else {
            throw .broker("the password file " + path + " can be read by others: chmod 600 it")
        }
        return String(decoding: file.bytes.prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0 }, as: UTF8.self)
    }
}
