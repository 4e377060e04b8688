import AttestationFormat
import DeviceCrypto
import MerkleTree

/// What a hostile broker can make of messages that it sees, without any key.
public enum HostileForgery {
    /// The same batch with every event replaced by its leaf hash: the statement still verifies, the bytes are gone.
    public static func eventsForHashes(in batchMessage: [UInt8]) -> [UInt8]? {
        guard let message = try? BatchMessage(parsing: batchMessage), let items = message.items else { return nil }
        var writer = CBORWriter(reserving: items.count * 36 + 512)
        BatchMessage.begin(statement: message.statement.bytes, itemCount: items.count, in: &writer)
        for item in items { BatchMessage.append(leafHash: item.leafHash(using: SHA256.self), to: &writer) }
        return writer.bytes
    }

    /// The same batch under the other valid ECDSA signature, (r, n - s): a copy with other bytes.
    public static func flippedSignature(in batchMessage: [UInt8]) -> [UInt8]? {
        guard let message = try? BatchMessage(parsing: batchMessage) else { return nil }
        let statement = message.statement.bytes
        guard let start = batchMessage.firstRange(of: statement), statement.count > 32 else { return nil }
        var forged = batchMessage
        let range = (start + statement.count - 32)..<(start + statement.count)
        forged.replaceSubrange(range, with: groupOrderMinus(Array(batchMessage[range])))
        return forged
    }

    /// Answers that no node gave: every refusal, "I know nothing", the gateway's own statement as a position and as a
    /// conflict, receipts that are altered, random bytes.
    public static func replies(toBatch batchMessage: [UInt8], genuine receipts: [[UInt8]], random: UInt64) -> [[UInt8]] {
        guard let message = try? BatchMessage(parsing: batchMessage) else { return [] }
        let first = message.statement.header.first
        var replies = (1...10).map { code in
            Reply.refusal(Refusal(first: first, code: .init(rawValue: code), text: "forged")).encoded()
        }
        replies.append(Reply.position(nil).encoded())
        replies.append(Reply.position(message.statement).encoded())
        replies.append(
            Reply.refusal(Refusal(first: first, code: .conflict, text: "forged", conflicting: message.statement)).encoded())
        for receipt in receipts where !receipt.isEmpty {
            var altered = receipt
            altered[Int(random % UInt64(receipt.count))] ^= UInt8(1 << (random >> 32 & 7))
            replies += [altered, Array(receipt.dropLast()), receipt + [0]]
        }
        replies.append([])
        replies.append((0..<64).map { UInt8(truncatingIfNeeded: random >> ($0 % 8 * 8)) })
        return replies
    }

    /// Hellos that the gateway did not send: another epoch, a position far ahead, nothing held.
    public static func hellos(from hello: [UInt8], random: UInt64) -> [[UInt8]] {
        guard let genuine = try? Hello(parsing: hello) else { return [] }
        return [(random, 0, 0), (genuine.epoch.value, genuine.next &+ 1_000_000, genuine.next &+ 1_000_000), (genuine.epoch.value, 0, 0)]
            .map { epoch, next, oldest in
                Hello(
                    epoch: Epoch(epoch), next: next & 0x7FFF_FFFF_FFFF, oldestHeld: oldest & 0x7FFF_FFFF_FFFF, lastStatement: nil,
                    trustVersion: genuine.trustVersion, sealCertificates: genuine.sealCertificates
                ).encoded()
            }
    }

    /// n of P-256, SEC 2, 2.4.2.
    private static let groupOrder: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    private static func groupOrderMinus(_ s: [UInt8]) -> [UInt8] {
        var (difference, borrow) = (groupOrder, 0)
        for index in stride(from: 31, through: 0, by: -1) {
            let value = Int(groupOrder[index]) - Int(s[index]) - borrow
            borrow = value < 0 ? 1 : 0
            difference[index] = UInt8(truncatingIfNeeded: value)
        }
        return difference
    }
}

extension [UInt8] {
    /// Where `other` begins in these bytes.
    func firstRange(of other: [UInt8]) -> Int? {
        guard !other.isEmpty, count >= other.count else { return nil }
        return (0...(count - other.count)).first { self[$0..<($0 + other.count)].elementsEqual(other) }
    }
}
