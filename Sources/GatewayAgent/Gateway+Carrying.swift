public import AttestationFormat

/// For a gateway without a network: what it would publish leaves in a file, and what nodes would answer comes back in one
/// (``AttestationFormat/CarriedMessage``). The same bytes, the same window, the same checks as over a broker.
extension Gateway {
    /// Appends the hello as a carried message; nothing without a seal certificate.
    public func carryHello(into out: inout [UInt8]) {
        guard !identity.certificates.isEmpty else { return }
        append(helloMessage().encoded(), on: .hello, to: &out)
    }

    /// Appends the batches that begin at `first` or later, in chain order, until `out` has `byteCount` bytes.
    ///
    /// - Returns: the sequence to go on with; the same as `first` when there is nothing more or the journal cannot be read.
    public func carry(from first: UInt64, byteCount: Int, into out: inout [UInt8]) -> UInt64 {
        var cursor = first
        while out.count < byteCount, cursor < journal.signedEnd, let loaded = load(atOrAfter: cursor) {
            append(loaded.bytes, on: .batch, to: &out)
            cursor = loaded.batch.end
        }
        return cursor
    }

    private func append(_ payload: [UInt8], on channel: Topic.Channel, to out: inout [UInt8]) {
        let topic = Topic(identity.name.gatewayID, channel, using: Hash.self)
        CarriedMessage(topic: topic.text, payload: payload).append(to: &out)
    }

    /// Takes a carried reply as if it had come over the broker. A receipt's batch enters the window first, so receipts of all
    /// nodes must come together, in the order of their batches: the window holds 64.
    public func receive(carried payload: [UInt8], from nodeName: UTF8Text, at now: Moment) {
        if let reply = try? Reply(parsing: payload), case .receipt(let first, _) = reply {
            while publishCursor <= first, !window.isFull, let loaded = load(atOrAfter: publishCursor),
                window.hasRoom(forByteCount: loaded.bytes.count)
            {
                enter(loaded.batch, at: now)
            }
        }
        receive(payload, from: nodeName, at: now)
    }
}
