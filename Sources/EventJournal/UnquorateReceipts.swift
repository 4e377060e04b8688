/// The receipts behind the last quorum, gathered while opening reads the segments anyway.
struct UnquorateReceipts {
    /// A window of 64 batches with two receipts of a kilobyte each, and as much again. What does not fit comes again when its batch
    /// is repeated.
    static let byteCapacity = 256 << 10

    private(set) var receipts: [StoredReceipt] = []
    private var byteCount = 0

    mutating func insert(first: UInt64, _ bytes: UnsafeRawBufferPointer) {
        guard byteCount + bytes.count <= Self.byteCapacity else { return }
        receipts.append(StoredReceipt(first: first, bytes: Array(bytes)))
        byteCount += bytes.count
    }

    /// A mark says that the quorum has everything below.
    mutating func forget(upTo sequence: UInt64) {
        receipts.removeAll { $0.first < sequence }
        byteCount = receipts.reduce(0) { $0 + $1.bytes.count }
    }
}
