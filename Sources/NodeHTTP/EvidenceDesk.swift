import AnchorNode
import Dispatch
import Synchronization

/// Makes pages of evidence: one at a time, and only as many as may wait in memory until their readers have taken them.
///
/// A page has up to 16 MiB and is asked for by a stranger: without a limit a hundred readers that ask and do not read would take all memory.
final class EvidenceDesk: Sendable {
    /// Pages between the question and the last byte read: 64 MiB.
    static let pageLimit = 4

    private let reader: any LedgerReading
    private let underWay = Mutex(0)
    /// The store's calls block: not on the threads that everything else runs on.
    private let queue = DispatchQueue(label: "harborseal.evidence")

    init(_ reader: any LedgerReading) { self.reader = reader }

    /// One of the places; free again when nobody holds it any more, however the answer ended.
    final class Place: Sendable {
        private let desk: EvidenceDesk

        fileprivate init(_ desk: EvidenceDesk) { self.desk = desk }

        deinit { desk.underWay.withLock { $0 -= 1 } }
    }

    /// nil when every place is taken.
    func takePlace() -> Place? {
        let hasTaken = underWay.withLock { count in
            guard count < Self.pageLimit else { return false }
            count += 1
            return true
        }
        return hasTaken ? Place(self) : nil
    }

    /// nil: nothing is held about this.
    func page(_ query: EvidenceQuery) async throws -> EvidencePage? {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.reader.evidence(query) }) }
        }
    }
}
