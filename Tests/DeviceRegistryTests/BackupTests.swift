import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import RegistryTesting
import Testing

@Suite("One file is the whole store, and a lost store is not made anew") struct BackupTests {
    let alliance: TestRegistry
    let now = Registry.now
    let bob = Requester("bob")

    init() throws {
        alliance = try TestRegistry()
    }

    private var path: String { "\(alliance.folder)/registry.sqlite" }

    /// A new folder in the alliance's.
    private func folder(_ name: String) throws -> String {
        let path = "\(alliance.folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func existing(_ folder: String) throws -> Registry {
        try Registry(folder: folder, settings: alliance.settings(), statements: TestStatements(), mayCreate: false)
    }

    private func restore(_ file: String, into folder: String, settings: RegistrySettings? = nil) throws -> StoreSummary {
        try Registry.restore(file, into: folder, settings: settings ?? alliance.settings(), statements: TestStatements(), by: bob, nowSeconds: now + 50)
    }

    /// The devices in a copy of the database's file by itself.
    private func devices(inCopyOf file: String, _ name: String) throws -> Int {
        let copy = try folder(name)
        try FileManager.default.copyItem(atPath: file, toPath: "\(copy)/registry.sqlite")
        return try existing(copy).devices().count
    }

    @Test("a store that is closed is one file, though it was read from; one that is open has moved its log after a checkpoint")
    func oneFile() throws {
        let registry = try alliance.open()
        _ = try registry.added("gw-1")
        #expect(try registry.devices().count == 1)
        try registry.checkpoint()
        #expect(try devices(inCopyOf: path, "open") == 1)
        _ = try registry.added("gw-2")
        #expect(try registry.devices().count == 2)
        try registry.close()
        #expect(!DurableFile.exists(path + "-wal") && !DurableFile.exists(path + "-shm"), "a log is left beside it")
        #expect(try devices(inCopyOf: path, "closed") == 2)
        #expect(try alliance.open().devices().count == 2)
    }

    @Test("the tables of a new store are in its file at once")
    func tablesInFile() throws {
        let registry = try alliance.open()
        #expect(try devices(inCopyOf: path, "new") == 0)
        try registry.close()
    }

    @Test("a backup of a store that is in use is its owner's alone, has all of it, and is not written over another file")
    func backup() throws {
        let registry = try alliance.open()
        let device = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "", by: bob, nowSeconds: now)
        let file = "\(alliance.folder)/backup.sqlite"
        let summary = try registry.backup(to: file)
        #expect(try summary == registry.summary() && summary.head == registry.auditHead())
        #expect(summary.deviceCount == 1 && summary.certificateCount == 2 && summary.revokedCount == 2 && summary.newestRowSeconds == now)
        #expect(DurableFile.permissions(of: file) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: alliance.folder).filter { $0.hasPrefix("backup") } == ["backup.sqlite"], "one file")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(refusal { try registry.backup(to: file) } == .state)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
        #expect(refusal { try registry.backup(to: "\(alliance.folder)/absent/backup.sqlite") } == .storeFailed)
        let place = try folder("restored")
        #expect(try restore(file, into: place) == summary)
        let restored = try existing(place)
        #expect(try restored.device("acme.gw-1").certificates.map(\.serialNumber) == [device.seal, device.link].map(\.serialNumber))
        #expect(try restored.checkAudit(noted: summary.head) == .intact(restored.auditHead()) && restored.compareAudit(trustFiles: []).fault == nil)
        let row = try #require(try restored.audit(from: summary.head.count + 1).first)
        #expect(row.who == "bob" && row.action == .configure && row.detail.hasPrefix("restored from a backup that ends with row \(summary.head.count): "))
        #expect(DurableFile.permissions(of: "\(place)/registry.sqlite") == 0o600 && !DurableFile.exists("\(place)/restore.part"))
    }

    @Test("a copy of both files, too, is put back; its log is taken in")
    func copyOfBoth() throws {
        let registry = try alliance.open()
        _ = try registry.added("gw-1")
        let copies = try folder("copies")
        for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + end, toPath: "\(copies)/old.sqlite\(end)") }
        let place = try folder("restored")
        #expect(try restore("\(copies)/old.sqlite", into: place).deviceCount == 1)
        #expect(try existing(place).devices().count == 1)
    }

    enum Unusable: String, CaseIterable {
        case occupied, logThere, absent, foreign, text, truncated, damaged, rewritten, empty
    }

    @Test("what is no backup to begin with is refused, and nothing is put back", arguments: Unusable.allCases)
    func unusable(_ what: Unusable) throws {
        let registry = try alliance.open()
        if what != .empty { for index in 0..<20 { _ = try registry.added("gw-\(index)") } }
        let (file, place) = ("\(alliance.folder)/backup.sqlite", try folder("restored"))
        _ = try registry.backup(to: file)
        var (settings, code) = (try alliance.settings(), RegistryError.Code.damagedStore)
        switch what {
        case .occupied:
            try alliance.open(in: place).close()
            code = .state
        case .logThere:
            try Data().write(to: URL(fileURLWithPath: "\(place)/registry.sqlite-wal"))
            code = .state
        case .absent:
            try FileManager.default.removeItem(atPath: file)
            code = .noStore
        case .foreign: (settings, code) = (try alliance.settings(alliance: "other"), .foreignStore)
        case .text: try Data(String(repeating: "no database ", count: 100).utf8).write(to: URL(fileURLWithPath: file))
        case .truncated: try Data(contentsOf: URL(fileURLWithPath: file)).prefix(40_000).write(to: URL(fileURLWithPath: file))
        case .damaged:
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            for page in 2..<bytes.count / 4_096 { bytes.replaceSubrange(page * 4_096..<page * 4_096 + 8, with: repeatElement(0xFF, count: 8)) }
            try bytes.write(to: URL(fileURLWithPath: file))
        case .rewritten:
            let queue = try DatabaseQueue(path: file)
            try queue.write { try $0.execute(sql: "DROP TRIGGER audit_update; UPDATE audit SET who = 'bob' WHERE number = 3") }
            try queue.close()
        case .empty: break
        }
        #expect(refusal { try restore(file, into: place, settings: settings) } == code)
        #expect(DurableFile.exists("\(place)/registry.sqlite") == (what == .occupied) && !DurableFile.exists("\(place)/restore.part"))
    }

    @Test("where no store is allowed to be made none is, whether there is no file, an empty one, or one whose log is gone", arguments: ["absent", "empty", "without log"])
    func noStore(_ what: String) throws {
        let place = try folder("place")
        let file = "\(place)/registry.sqlite"
        if what == "empty" { try Data().write(to: URL(fileURLWithPath: file)) }
        if what == "without log" { try early(place) }
        let before = FileManager.default.contents(atPath: file)
        #expect(refusal { try existing(place) } == (what == "absent" ? .noStore : .damagedStore))
        #expect(FileManager.default.contents(atPath: file) == before && !DurableFile.exists(file + "-wal"))
        // Who may make one makes it.
        #expect(try alliance.open(in: place).devices().isEmpty)
        #expect(try existing(place).devices().isEmpty)
    }

    /// A store as programs before left it: all of it in the log, which is given back.
    @discardableResult private func early(_ place: String) throws -> Data {
        let source = try folder("early")
        let queue = try DatabaseQueue(path: "\(source)/registry.sqlite")
        try queue.writeWithoutTransaction { database in
            _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try database.inTransaction { try RegistrySchema.create(in: database, alliance: TestRegistry.name("gba-test")); return .commit }
        }
        try FileManager.default.copyItem(atPath: "\(source)/registry.sqlite", toPath: "\(place)/registry.sqlite")
        let log = try Data(contentsOf: URL(fileURLWithPath: "\(source)/registry.sqlite-wal"))
        try queue.close()
        return log
    }

    @Test("two bytes of the log overwritten give no empty registry, and the log stays as it is for whoever repairs it; whole, it is read")
    func damagedLog() throws {
        let place = try folder("place")
        var log = try early(place)
        let file = "\(place)/registry.sqlite"
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)).count == 4_096 && log.count > 50_000)
        try log.write(to: URL(fileURLWithPath: file + "-wal"))
        let whole = try folder("whole")
        for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: file + end, toPath: "\(whole)/registry.sqlite\(end)") }
        #expect(try existing(whole).devices().isEmpty)
        log[40] ^= 0xFF
        log[41] ^= 0xFF
        try log.write(to: URL(fileURLWithPath: file + "-wal"))
        #expect(refusal { try existing(place) } == .damagedStore)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file + "-wal")) == log)
    }
}
