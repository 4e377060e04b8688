import AttestationFormat
import ConfigurationFile
import Foundation
import Testing

@Suite("Configuration files and their drop-ins")
struct ReadingTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("a.conf.d"), withIntermediateDirectories: true)
    }

    private var path: UTF8Text { UTF8Text(folder.appendingPathComponent("a.conf").path) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func clean() { try? FileManager.default.removeItem(at: folder) }

    @Test("drop-ins are read after the file, sorted by name; only *.conf counts")
    func dropIns() throws {
        defer { clean() }
        try write("a.conf", "[one]\nkey = file\n")
        try write("a.conf.d/20.conf", "[one]\nkey = twenty\n")
        try write("a.conf.d/10.conf", "[one]\nkey = ten\n")
        try write("a.conf.d/30.conf~", "[one]\nkey = backup\n")
        try write("a.conf.d/.40.conf.swp", "x")
        try write("a.conf.d/50-c.cnf", "[one]\nkey = slip\n")
        let document = ConfigurationDocument.read(path)
        #expect(document.problems.isEmpty)
        #expect(document.passedOver == [path + ".d/50-c.cnf"], "backups and hidden files are no slips")
        #expect(document.entries.map(\.value) == ["file", "ten", "twenty"])
        #expect(document.entries.last?.origin == .file(path + ".d/20.conf", line: 2))
    }

    @Test("a missing file, a folder in its place and an unreadable size are problems with a next step")
    func unreadable() throws {
        defer { clean() }
        let missing = ConfigurationDocument.read(path)
        #expect(missing.problems.map(\.code) == [.unreadable])
        #expect(missing.problems.first?.message.string.hasSuffix("name it with --config FILE, or copy an example of Firmware-Config there") == true)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("a.conf"), withIntermediateDirectories: false)
        #expect(ConfigurationDocument.read(path).problems.map(\.reason) == ["not a regular file; name the file itself"])
        try FileManager.default.removeItem(at: folder.appendingPathComponent("a.conf"))
        try write("a.conf", String(repeating: "# comment\n", count: 30_000))
        #expect(ConfigurationDocument.read(path).problems.map(\.reason) == ["larger than 256 KiB; split it into drop-ins"])
    }

    @Test("a folder with too many files is a problem")
    func tooMany() throws {
        defer { clean() }
        try write("a.conf", "[one]\n")
        for number in 0..<65 { try write("a.conf.d/\(number).txt", "") }
        #expect(ConfigurationDocument.read(path).problems.map(\.code) == [.tooManyFiles])
    }

    @Test("a problem in a drop-in names the drop-in and its line")
    func dropInProblem() throws {
        defer { clean() }
        try write("a.conf", "[one]\nkey = file\n")
        try write("a.conf.d/10.conf", "# fine\n[one]\n key = ten\n")
        #expect(ConfigurationDocument.read(path).problems.map(\.origin) == [.file(path + ".d/10.conf", line: 3)])
    }
}
