import Foundation
import GRDB
import GRDBSQLite
import NodeTesting
import Testing

@testable import AnchorNode

/// A node starts in the same time whether its ledger is young or old.
@Suite struct StartTests {
    /// Statements of the longer ledger.
    private static let entryCount = 1_500

    @Test("a start reads the tree's right edge and what is owed, not the ledger")
    func pagesRead() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        _ = try await node.receipt(for: try gateway.batch())
        try node.close()
        let (short, _) = try await pagesReadByStart(alliance, node.folder)
        let grown = try await TestNode(alliance, folder: node.folder)
        _ = try await grown.handle(gateway.hello())
        for _ in 0..<Self.entryCount / 100 {
            let batches = try (0..<100).map { _ in try gateway.batch(count: 1).message() }
            _ = try await grown.core.handle(batches)
            #expect(try await grown.integrate().count == 100)
        }
        try grown.close()
        let (long, pageCount) = try await pagesReadByStart(alliance, node.folder)
        #expect(pageCount > 300, "a ledger of some size: \(pageCount) pages")
        // The nodes on the right edge, and one more level of the trees that they are looked up in.
        #expect(long <= short + 20, "\(short) pages at first, \(long) of \(pageCount) now")
        try FileManager.default.removeItem(at: node.folder)
    }

    @Test("a store written before there was a list of what is owed gets one, and its receipts are made")
    func olderStore() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        let batches = try (0..<3).map { _ in try gateway.batch() }
        _ = try await node.handle(gateway.hello())
        for batch in batches { _ = try await node.receipt(for: batch) }
        // Killed between the checkpoint and the receipts of the last two, by a program of schema 1.
        try node.store.write { transaction in
            try transaction.run("DELETE FROM receipts WHERE leaf = 2", [])
            try transaction.run("UPDATE receipts SET held = 1 WHERE leaf = 3", [])
            for table in ["owed", "registrations", "held_lists", "revocations", "late"] { try transaction.run("DROP TABLE \(table)", []) }
            try transaction.run("ALTER TABLE receipts DROP COLUMN first", [])
            try transaction.run("DROP INDEX certificates_serial", [])
            try transaction.run("ALTER TABLE certificates DROP COLUMN serial", [])
            try transaction.run("PRAGMA user_version = 1", [])
        }
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        let replies = try await again.integrate()
        #expect(batches.map { replies.receipts(for: $0, trustFile: alliance.trustFile).count } == [0, 1, 1])
        #expect(try again.store.read { try $0.integer("PRAGMA user_version") } == Int64(SQLiteSchema.version))
        try again.remove()
    }

    /// Pages that the connections of a store fetched from its file while a node started on it.
    private func pagesReadByStart(_ alliance: TestAlliance, _ folder: URL) async throws -> (Int, pageCount: Int) {
        let node = try await TestNode(alliance, folder: folder)
        let fetched = try node.store.read { try $0.pagesFetched() } + node.store.write { try $0.pagesFetched() }
        let pageCount = try node.store.read { try $0.integer("PRAGMA page_count") } ?? 0
        try node.close()
        return (fetched, Int(pageCount))
    }
}

extension SQLiteTransaction {
    /// Cache misses of this connection: at most one a page, while the cache holds the whole file.
    fileprivate func pagesFetched() throws -> Int {
        var (current, highest): (Int32, Int32) = (0, 0)
        let status = sqlite3_db_status(database.sqliteConnection, SQLITE_DBSTATUS_CACHE_MISS, &current, &highest, 0)
        #expect(status == SQLITE_OK)
        return Int(current)
    }
}
