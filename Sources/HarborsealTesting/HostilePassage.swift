import CPosixShims
import Foundation

/// One client's way through a ``HostileBroker``: a thread for each direction, ended together.
final class HostilePassage: @unchecked Sendable {
    private let broker: HostileBroker
    private let lock = NSLock()
    private let toClientLock = NSLock()
    private let toUpstreamLock = NSLock()
    private var isEnded = false
    private var isDeaf = false
    private var level: UInt8 = 4
    private var genuineReplies: [[UInt8]] = []
    private var repliers: [[UInt8]] = []
    private let client: ScriptedConnection
    private var upstream: ScriptedConnection

    init(broker: HostileBroker, client: ScriptedConnection, upstreamDescriptor: Int32) {
        self.broker = broker
        self.client = client
        upstream = client
        upstream = ScriptedConnection(descriptor: upstreamDescriptor) { [unowned self] in
            lock.withLock { isEnded } || client.isEnding
        }
    }

    func run() {
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            pump(from: upstream, change: changedForClient, write: writeToClient)
            end()
            done.signal()
        }
        let here = ScriptedConnection(descriptor: client.descriptor) { [unowned self] in
            lock.withLock { isEnded } || client.isEnding
        }
        pump(from: here, change: changedForUpstream, write: writeToUpstream)
        end()
        done.wait()
    }

    private func end() { lock.withLock { isEnded = true } }
    private var protocolLevel: UInt8 { lock.withLock { level } }

    private func pump(
        from source: ScriptedConnection, change: (MQTTPublication, inout [MQTTPublication]) -> [MQTTPublication],
        write: ([UInt8]) -> Bool
    ) {
        var held: [MQTTPublication] = []
        while let (header, body) = source.readPacket() {
            let packet = MQTTPacket(header: header, body: body)
            if let announced = packet.protocolLevel { lock.withLock { level = announced } }
            if broker.decides(.delay) { posix_sleep_milliseconds(20 + UInt32(broker.nextRandom() % 180)) }
            if broker.decides(.halfOpen) { lock.withLock { isDeaf = true } }
            if lock.withLock({ isDeaf }) { continue }
            var bytes: [UInt8] = []
            if let publication = MQTTPublication(packet, protocolLevel: protocolLevel) {
                bytes = change(publication, &held).flatMap(\.packet.bytes)
            } else {
                bytes = packet.bytes + held.flatMap(\.packet.bytes)
                held = []
            }
            if broker.decides(.cut) {
                _ = write(Array(bytes.prefix(Int(broker.nextRandom() % UInt64(bytes.count + 1)))))
                return
            }
            guard write(bytes) else { return }
        }
    }

    private func writeToClient(_ bytes: [UInt8]) -> Bool { toClientLock.withLock { client.write(bytes) } }
    private func writeToUpstream(_ bytes: [UInt8]) -> Bool { toUpstreamLock.withLock { upstream.write(bytes) } }

    // MARK: - From a client to the broker

    private func changedForUpstream(_ original: MQTTPublication, _ held: inout [MQTTPublication]) -> [MQTTPublication] {
        let text = String(decoding: original.topic, as: UTF8.self)
        var output: [MQTTPublication] = []
        if text.hasSuffix("/batch") {
            output = changedBatch(original, topic: text)
        } else {
            output = [original]
            if text.hasSuffix("/hello"), broker.decides(.forgeHellos) {
                output += HostileForgery.hellos(from: original.payload, random: broker.nextRandom())
                    .map { MQTTPublication(topic: original.topic, payload: $0, protocolLevel: protocolLevel) }
            }
        }
        if text.hasSuffix("/batch"), held.isEmpty, broker.decides(.reorderBatches) {
            held = output
            return []
        }
        defer { held = [] }
        return output + held
    }

    private func changedBatch(_ original: MQTTPublication, topic: String) -> [MQTTPublication] {
        if broker.decides(.forgeReplies) { forgeReplies(to: original, topic: topic) }
        if broker.decides(.dropBatches) {
            if !original.identifier.isEmpty {
                _ = writeToClient(MQTTPacket.acknowledgement(of: original.identifier).bytes)
            }
            return []
        }
        var changed = original
        if broker.decides(.eventsForHashes) {
            changed.payload = HostileForgery.eventsForHashes(in: original.payload) ?? original.payload
        }
        if broker.decides(.flipSignatures) {
            changed.payload = HostileForgery.flippedSignature(in: changed.payload) ?? changed.payload
        }
        var output = [changed]
        if broker.decides(.repeatBatches) { output.append(original.copy(protocolLevel: protocolLevel)) }
        if broker.decides(.otherNames) {
            var copy = original.copy(protocolLevel: protocolLevel)
            copy.topic = Array(topic.replacingOccurrences(of: "/batch", with: "x/batch").utf8)
            output.append(copy)
        }
        return output
    }

    private func forgeReplies(to batch: MQTTPublication, topic: String) {
        let (genuine, names) = lock.withLock { (genuineReplies, repliers) }
        let topics = names.isEmpty ? [Array(topic.dropLast("batch".count).utf8) + Array("reply/node.nobody".utf8)] : names
        for payload in HostileForgery.replies(toBatch: batch.payload, genuine: genuine, random: broker.nextRandom()) {
            for topic in topics {
                _ = writeToClient(MQTTPublication(topic: topic, payload: payload, protocolLevel: protocolLevel).packet.bytes)
            }
        }
    }

    // MARK: - From the broker to a client

    private func changedForClient(_ original: MQTTPublication, _ held: inout [MQTTPublication]) -> [MQTTPublication] {
        guard String(decoding: original.topic, as: UTF8.self).contains("/reply/") else { return [original] }
        remember(original)
        if broker.decides(.dropReplies) {
            if !original.identifier.isEmpty {
                _ = writeToUpstream(MQTTPacket.acknowledgement(of: original.identifier).bytes)
            }
            return []
        }
        var output = [original]
        if broker.decides(.repeatReplies) { output.append(original.copy(protocolLevel: protocolLevel)) }
        if held.isEmpty, broker.decides(.reorderReplies) {
            held = output
            return []
        }
        defer { held = [] }
        return output + held
    }

    /// Keeps the latest genuine answers, and who gave them, as material for forgeries.
    private func remember(_ reply: MQTTPublication) {
        lock.withLock {
            if genuineReplies.count >= 4 { genuineReplies.removeFirst() }
            genuineReplies.append(reply.payload)
            if !repliers.contains(reply.topic), repliers.count < 8 { repliers.append(reply.topic) }
        }
    }
}
