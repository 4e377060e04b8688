import AttestationFormat
import Foundation
import Testing

/// What an event of the journal says, as far as these tests look.
struct StoredEvent {
    /// 0 for a text kind.
    let kind: UInt64
    let view: EventView

    func text(_ name: UTF8Text) -> String? {
        guard case .text(let text) = view.extensionValue(name) else { return nil }
        return text.string
    }

    func number(_ name: UTF8Text) -> Int64? {
        guard case .integer(let number) = view.extensionValue(name) else { return nil }
        return number.int64
    }
}

extension RunningAgent {
    /// Every event of its journal, in order.
    func storedEvents() throws -> [StoredEvent] {
        let export = try ChildProcess.run([try Programs.agent, "journal", "export", "--config", configuration])
        return try export.split(separator: "\n").map { line in
            let hex = Array(try #require(line.split(separator: " ").last).utf8)
            let bytes = stride(from: 0, to: hex.count - 1, by: 2).compactMap { UInt8(String(decoding: hex[$0...$0 + 1], as: UTF8.self), radix: 16) }
            let view = try EventView(parsing: bytes)
            guard case .number(let kind) = view.kind else { return StoredEvent(kind: 0, view: view) }
            return StoredEvent(kind: kind, view: view)
        }
    }
}
