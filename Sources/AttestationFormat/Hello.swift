/// What a gateway says on every connect (sections 6 and 7): its position, and the certificates it has.
///
/// Unsigned: it changes nothing at a node but the certificates known, each checked, and the hole it may open.
public struct Hello: Sendable {
    public let epoch: Epoch
    /// Sequence of the next event to be batched.
    public let next: UInt64
    /// Oldest sequence whose batch the gateway still holds.
    public let oldestHeld: UInt64
    /// The newest statement of the journal; nil when there is none.
    public let lastStatement: Statement?
    /// Version of the trust file held.
    public let trustVersion: UInt64
    /// Seal certificates in DER, at least one.
    public let sealCertificates: [[UInt8]]

    public init(
        epoch: Epoch, next: UInt64, oldestHeld: UInt64, lastStatement: Statement?, trustVersion: UInt64,
        sealCertificates: [[UInt8]]
    ) {
        self.epoch = epoch
        self.next = next
        self.oldestHeld = oldestHeld
        self.lastStatement = lastStatement
        self.trustVersion = trustVersion
        self.sealCertificates = sealCertificates
    }

    /// Parses a hello.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1 and 7 do not allow, also for sequences above 2^63 - 1.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Limits.nodeMessageByteCount else { throw FormatError(.limitExceeded, at: 0) }
        var reader = CBORReader(bytes)
        try reader.readArray(7)
        try reader.readUnsigned(1)
        let epochStart = reader.position
        guard let epoch = Epoch(try reader.readText()) else { throw FormatError(.name, at: epochStart) }
        self.epoch = epoch
        next = try reader.readSequence()
        oldestHeld = try reader.readSequence()
        lastStatement = try reader.readNull()
            ? nil : reader.readNested { (bytes) throws(FormatError) in try Statement(parsing: bytes) }
        trustVersion = try reader.readUnsigned()
        sealCertificates = try reader.readByteStrings(atLeast: 1)
        try reader.finish()
    }

    /// The message's bytes.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 1_024)
        writer.beginArray(7)
        writer.write(UInt64(1))
        writer.write(epoch.text)
        writer.write(next)
        writer.write(oldestHeld)
        if let lastStatement { writer.write(lastStatement.bytes) } else { writer.writeNull() }
        writer.write(trustVersion)
        writer.write(list: sealCertificates)
        return writer.bytes
    }
}

extension CBORReader {
    /// Reads a sequence, which section 2 keeps at or below 2^63 - 1.
    mutating func readSequence() throws(FormatError) -> UInt64 {
        let start = position
        let sequence = try readUnsigned()
        guard sequence <= Limits.sequenceEnd else { throw FormatError(.sequenceOverflow, at: start) }
        return sequence
    }

    /// Reads a list of byte strings.
    mutating func readByteStrings(atLeast minimum: Int = 0) throws(FormatError) -> [[UInt8]] {
        let start = position
        let count = try readArray()
        guard count >= minimum else { throw FormatError(.wrongCount, at: start) }
        // Not reserved: an empty byte string takes one byte here and sixteen and more in memory.
        var strings: [[UInt8]] = []
        for _ in 0..<count { strings.append(try readBytes()) }
        return strings
    }
}
