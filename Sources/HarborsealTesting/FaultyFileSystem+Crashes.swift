/// What a power cut may leave of a folder: file contents by name.
public typealias CrashImage = [[UInt8]: [UInt8]]

extension FaultyFileSystem {
    /// At most this many unsynced operations are taken in every combination; of more, the latest.
    public static let reorderedOperationLimit = 5

    /// What may become of one unsynced operation.
    private enum Fate: CaseIterable {
        case lost, kept, front, back
    }

    private enum Operation {
        case data(Inode, Write)
        case entry(EntryChange)

        /// Only data can be written in part.
        var fates: [Fate] {
            guard case .data(_, let write) = self, write.bytes.count > 1 else { return [.lost, .kept] }
            return Fate.allCases
        }
    }

    /// Calls `body` with states that a power cut may leave now: every combination of the latest five unsynced operations lost or kept
    /// (older ones all kept and all lost), and each of them written in part. `partAt` picks where a part ends (0 ..< upper bound).
    public func forEachCrashImage(partAt: (Int) -> Int, _ body: (CrashImage) -> Void) {
        let operations = unsyncedOperations()
        let older = operations.dropLast(Self.reorderedOperationLimit)
        let latest = Array(operations.suffix(Self.reorderedOperationLimit))
        for keepsOlder in older.isEmpty ? [true] : [true, false] {
            let base = older.map { ($0, keepsOlder ? Fate.kept : .lost) }
            for mask in 0..<(1 << latest.count) {
                let fates = latest.indices.map { mask >> $0 & 1 == 1 ? Fate.kept : .lost }
                body(image(base + zip(latest, fates), partAt))
            }
            guard keepsOlder else { continue }
            for index in latest.indices {
                for fate in latest[index].fates where fate == .front || fate == .back {
                    for others in [Fate.kept, .lost] {
                        let fates = latest.indices.map { $0 == index ? fate : $0 < index ? .kept : others }
                        body(image(base + zip(latest, fates), partAt))
                    }
                }
            }
        }
    }

    private func unsyncedOperations() -> [Operation] {
        var operations = unsyncedEntries.map { Operation.entry($0) }
        for (_, inode) in allFiles().sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            operations += inode.unsynced.map { .data(inode, $0) }
        }
        return operations
    }

    /// Every file that a synced or unsynced entry names, once.
    private func allFiles() -> [(name: [UInt8], inode: Inode)] {
        var files = syncedEntries.map { (name: $0.key, inode: $0.value) }
        for (name, inode) in entries where !files.contains(where: { $0.inode === inode }) { files.append((name, inode)) }
        for case .link(let name, let inode) in unsyncedEntries where !files.contains(where: { $0.inode === inode }) {
            files.append((name, inode))
        }
        return files
    }

    private func image(_ operations: [(Operation, Fate)], _ partAt: (Int) -> Int) -> CrashImage {
        var names = syncedEntries
        var contents: [ObjectIdentifier: [UInt8]] = [:]
        for (operation, fate) in operations where fate != .lost {
            switch operation {
            case .entry(.link(let name, let inode)): names[name] = inode
            case .entry(.unlink(let name)): names[name] = nil
            case .data(let inode, let write):
                Self.apply(Self.part(of: write, fate, partAt), to: &contents[ObjectIdentifier(inode), default: inode.synced])
            }
        }
        return names.mapValues { contents[ObjectIdentifier($0)] ?? $0.synced }
    }

    private static func part(of write: Write, _ fate: Fate, _ partAt: (Int) -> Int) -> Write {
        guard fate == .front || fate == .back, write.bytes.count > 1 else { return write }
        let cut = 1 + partAt(write.bytes.count - 1)
        if fate == .front { return Write(offset: write.offset, bytes: Array(write.bytes[..<cut])) }
        return Write(offset: write.offset + cut, bytes: Array(write.bytes[cut...]))
    }
}
