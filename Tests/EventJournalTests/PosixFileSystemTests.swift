import DeviceCrypto
import EventJournal
import Foundation
import Testing

@Suite("The real file system")
struct PosixFileSystemTests {
    private typealias RealJournal = EventJournal<PosixFileSystem, SHA256>

    /// A folder of its own for each test, removed at the end.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func open(_ path: String, epoch: UInt64 = 0xE0) throws -> RealJournal {
        try RealJournal(PosixFileSystem(path: Array(path.utf8)), options: options(epoch: epoch))
    }

    @Test("events survive closing and opening; files and folder are the owner's alone")
    func roundTrip() throws {
        try withFolder { path in
            let journal = try open(path)
            for id in 0..<500 { _ = try journal.append(event: eventBytes(id).span) }
            try journal.sync()
            let written = journal.counters.writtenByteCount
            try journal.close()
            let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".hsj") }
            let sizes = try names.map { try #require(FileManager.default.attributesOfItem(atPath: "\(path)/\($0)")[.size] as? Int) }
            #expect(UInt64(sizes.reduce(0, +)) == written)
            for item in [path, "\(path)/\(names[0])"] {
                let mode = try #require(FileManager.default.attributesOfItem(atPath: item)[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0)
            }
        }
        try withFolder { path in
            do { let journal = try open(path); _ = try journal.append(event: eventBytes(1).span); try journal.sync() }
            let again = try open(path, epoch: 0xE1)
            #expect(again.epoch == 0xE0 && again.nextSequence == 1)
            #expect(try again.readBatch(first: 0, count: 1).bytes == eventBytes(1))
        }
    }

    @Test("a second agent is refused and told who has the journal")
    func lock() throws {
        try withFolder { path in
            let journal = try open(path)
            #expect(throws: JournalError.locked(processID: getpid())) { try open(path) }
            try journal.close()
            let (items, summary) = try inspect(path)
            #expect(summary.segmentCount == 1 && items == 1, "looking needs no lock")
        }
    }

    @Test("a look through a folder that is open for reading shows everything and changes no byte, beside the one who writes")
    func forReading() throws {
        try withFolder { path in
            let journal = try open(path)
            for id in 0..<10 { _ = try journal.append(event: eventBytes(id).span) }
            try journal.sync()
            let name = try #require(FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".hsj") })
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            // A write under way, and a file that a power cut left half made.
            let torn = try Data(contentsOf: file) + Data([9, 9, 9])
            try torn.write(to: file)
            try Data([1, 2]).write(to: URL(fileURLWithPath: "\(path)/0000000000000002.hsj"))
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            let looked = try RealJournal(
                PosixFileSystem(path: Array(path.utf8), isForReading: true), options: options(epoch: 0xE7))
            #expect(looked.epoch == 0xE0 && looked.nextSequence == 10)
            #expect(try looked.readBatch(first: 0, count: 10).count == 10)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == names)
            #expect(try Data(contentsOf: file) == torn)
            #expect(throws: JournalError.self) { try looked.append(event: eventBytes(1).span) }
        }
        try withFolder { path in
            #expect(throws: SystemError.self) { try PosixFileSystem(path: Array(path.utf8), isForReading: true) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    enum Stranger: CaseIterable { case folder, link, brokenLink, pipe, socket }

    /// Puts something that is no file where a segment would be.
    private func put(_ stranger: Stranger, at place: String) throws {
        switch stranger {
        case .folder: try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        case .link: try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/etc/hostname")
        case .brokenLink: try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "nowhere")
        case .pipe: #expect(mkfifo(place, 0o600) == 0)
        case .socket: #expect(mknod(place, S_IFSOCK | 0o600, 0) == 0)
        }
    }

    @Test("what bears a segment's name and is no file is told once and left there; the journal opens and stores", arguments: Stranger.allCases)
    func strangers(stranger: Stranger) throws {
        try withFolder { path in
            do {
                let journal = try open(path)
                for id in 0..<3 { _ = try journal.append(event: eventBytes(id).span) }
                try journal.sync()
            }
            let place = "\(path)/0000000000000002.hsj"
            try put(stranger, at: place)
            do {
                let journal = try open(path, epoch: 0xF0)
                #expect(journal.suspended == nil && journal.mustBeginEpoch == nil && journal.recovery.damages.map(\.segment) == [2])
                #expect(journal.recovery.epochBegun == .headerLost && journal.epoch == 0xF0, "a segment may have stood there")
                #expect(try journal.readAll().map(\.bytes) == (0..<3).map { eventBytes($0) })
                try journal.appendDamagesDeclared()
                // On into segments that need not be read again.
                for id in 3..<100 { _ = try journal.append(event: eventBytes(id).span) }
                try journal.sign(batch: 64)
                try journal.appendMark(upTo: 100)
                for id in 100..<150 { _ = try journal.append(event: eventBytes(id).span) }
                try journal.sync()
            }
            for _ in 0..<2 {
                let journal = try open(path, epoch: 0xF1)
                #expect(journal.epoch == 0xF0 && journal.nextSequence == 150 && journal.recovery.damages.isEmpty)
            }
            let (_, summary) = try inspect(path)
            #expect(summary.damageCount == 1 && summary.eventCount == 150)
            var status = stat()
            #expect(lstat(place, &status) == 0 && status.st_mode & S_IFMT != S_IFREG)
        }
        try withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try put(stranger, at: "\(path)/0000000000000001.hsj")
            let journal = try open(path)
            _ = try journal.append(event: eventBytes(1).span)
            #expect(try journal.sync() == 1 && journal.mustBeginEpoch == nil)
        }
    }

    @Test("a number after which there is no next one names no segment")
    func highestNumber() throws {
        try withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(fileURLWithPath: "\(path)/ffffffffffffffff.hsj"))
            let journal = try open(path)
            #expect(journal.recovery.foreignFileCount == 1)
            _ = try journal.append(event: eventBytes(1).span)
            #expect(try journal.sync() == 1)
        }
    }

    private func inspect(_ path: String) throws -> (Int, InspectionSummary) {
        var count = 0
        let summary = try JournalInspector(PosixFileSystem(path: Array(path.utf8))).forEachItem { _ in count += 1; return true }
        return (count, summary)
    }

    @Test("nothing is durable in a segment that somebody removed", arguments: [false, true])
    func removedWhileOpen(withItsFolder: Bool) throws {
        try withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let journal = try open(path)
            _ = try journal.append(event: eventBytes(1).span)
            #expect(try journal.sync() == 1)
            for name in try FileManager.default.contentsOfDirectory(atPath: path) where withItsFolder || name.hasSuffix(".hsj") {
                unlink("\(path)/\(name)")
            }
            if withItsFolder { rmdir(path) }
            _ = try journal.append(event: eventBytes(2).span)
            #expect(throws: JournalError.suspended(SystemError(.sync, SystemError.notFound))) { try journal.sync() }
            #expect(journal.durableUpTo == 1)
            guard !withItsFolder else {
                #expect(throws: JournalError.self) { try journal.resume() }
                return
            }
            // What waited goes into a new segment.
            try journal.resume()
            #expect(try journal.sync() == 2)
        }
    }

    @Test("a folder whose parent is missing is an error that names the call")
    func missingParent() {
        #expect(throws: SystemError(.open, SystemError.notFound)) { try PosixFileSystem(path: Array("/nowhere/at/all".utf8)) }
    }

    @Test("a full device: refused, kept in memory, stored when there is room",
          .enabled(if: canMount, "needs root and the right to mount a tmpfs"))
    func fullDevice() throws {
        try withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try #require(Self.mount(at: path))
            defer { _ = Self.run(["umount", "-l", path]) }
            try fillTheDevice(path)
            // The same medium, read-only: opens, reads, refuses.
            try #require(Self.run(["mount", "-o", "remount,ro", path]) == 0)
            let readOnly = try open(path)
            #expect(readOnly.suspended?.code == SystemError.readOnly)
            #expect(try readOnly.readBatch(first: 0, count: 20).ends.count == 20)
            #expect(throws: JournalError.self) { try readOnly.append(event: eventBytes(1).span) }
            try #require(Self.run(["mount", "-o", "remount,rw", path]) == 0)
            try readOnly.resume()
            _ = try readOnly.append(event: eventBytes(2).span)
            try readOnly.sync()
            try readOnly.close()
        }
    }

    /// The journal is gone when this returns, and with it the lock on its folder, which would keep the medium writable.
    private func fillTheDevice(_ path: String) throws {
        let journal = try open(path)
        for id in 0..<20 { _ = try journal.append(event: eventBytes(id).span) }
        try journal.sync()
        let ballast = "\(path)/ballast"
        let ballastFile = fopen(ballast, "w")
        while fputs(String(repeating: "x", count: 4_096), ballastFile) >= 0, fflush(ballastFile) == 0 {}
        fclose(ballastFile)
        var acknowledged = 20
        do {
            for id in 20..<200 {
                _ = try journal.append(event: eventBytes(id).span)
                try journal.sync()
                acknowledged = id + 1
            }
            Issue.record("the device was not full")
        } catch {
            #expect(error == .suspended(SystemError(.write, SystemError.noSpace))
                || error == .suspended(SystemError(.open, SystemError.noSpace)))
        }
        unlink(ballast)
        try journal.resume()
        _ = try journal.append(event: eventBytes(300).span)
        #expect(try journal.sync() >= UInt64(acknowledged + 1))
        try journal.close()
        #expect(try inspect(path).1.damageCount == 0)
    }

    /// Whether this machine lets the tests mount something: as root, and not in a container that forbids it.
    private static let canMount: Bool = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mount-\(UUID().uuidString)").path
        guard (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil else { return false }
        defer { try? FileManager.default.removeItem(atPath: path) }
        return mount(at: path) && run(["umount", path]) == 0
    }()

    private static func mount(at path: String) -> Bool { run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", path]) == 0 }

    private static func run(_ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite("CRC-32C")
struct CRC32CTests {
    // RFC 3720, B.4, and the check value of the catalogue.
    static let answers: [([UInt8], UInt32)] = [
        ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
    ]

    @Test("known answers, by the processor's instruction and by tables", arguments: answers.indices)
    func known(index: Int) {
        let (bytes, answer) = Self.answers[index]
        #expect(CRC32C.checksum(of: bytes.span) == answer)
        #expect(CRC32C.checksumByTables(of: bytes.span) == answer)
    }

    @Test("both ways agree at every length and alignment")
    func agreement() {
        let bytes = eventBytes(3, byteCount: 100)
        for start in 0..<9 {
            for end in start..<100 {
                let part = Array(bytes[start..<end])
                #expect(CRC32C.checksum(of: part.span) == CRC32C.checksumByTables(of: part.span))
            }
        }
    }
}
