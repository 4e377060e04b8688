public import AnchorNode
import AttestationFormat
import MQTTLink
public import ServiceLifecycle

extension TestNode {
    /// This node at brokers of loopback, without TLS; it runs when the group does.
    public func service(
        brokerPorts: [UInt16], health: NodeHealth = NodeHealth(), desk: NodeDesk = NodeDesk(), trustFile: (@Sendable () throws -> [UInt8])? = nil
    ) throws -> ServiceGroup {
        let security = try LinkSecurity(authorityFile: nil, certificateFile: nil, keyFile: nil, isInsecure: true)
        let links = try brokerPorts.map {
            NodeLink.prepared(
                LinkConfiguration(
                    brokers: [try BrokerAddress(host: "127.0.0.1", port: $0)], clientID: "node.n0", security: security))
        }
        let first = alliance.trustFile.bytes
        let service = try NodeService(
            core: core, settings: settings, brokers: links, metrics: metrics, health: health, logger: Self.silentLogger,
            desk: desk, readTrustFile: trustFile ?? { first })
        return ServiceGroup(services: [service], logger: Self.silentLogger)
    }
}
