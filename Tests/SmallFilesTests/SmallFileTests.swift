import AttestationFormat
import Foundation
import SmallFiles
import Testing

@Suite("Small files")
struct SmallFileTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> UTF8Text { UTF8Text(folder.appendingPathComponent(name).path) }

    private func clean() { try? FileManager.default.removeItem(at: folder) }

    @Test("what was written is read, at the limit too, and one byte above the limit is refused")
    func readAndWrite() throws {
        defer { clean() }
        let bytes = [UInt8](0...255)
        try SmallFile.writeNew(path("a"), bytes)
        #expect(try SmallFile.read(path("a"), limit: 256) == bytes)
        #expect(throws: FileError(.tooLarge, path("a"))) { try SmallFile.read(path("a"), limit: 255) }
        try SmallFile.writeNew(path("empty"), [])
        #expect(try SmallFile.read(path("empty"), limit: 0).isEmpty)
    }

    @Test("an existing file and a dangling link are not replaced")
    func notReplaced() throws {
        defer { clean() }
        try SmallFile.writeNew(path("a"), [1])
        let error = #expect(throws: FileError.self) { try SmallFile.writeNew(path("a"), [2]) }
        #expect(error?.isAlreadyThere == true)
        #expect(try SmallFile.read(path("a"), limit: 10) == [1])
        try FileManager.default.createSymbolicLink(atPath: path("link").string, withDestinationPath: "/nowhere")
        #expect(throws: FileError.self) { try SmallFile.writeNew(path("link"), [2]) }
    }

    @Test("a pipe is refused and does not block")
    func pipe() throws {
        defer { clean() }
        #expect(mkfifo(path("pipe").string, 0o600) == 0)
        #expect(throws: FileError(.notRegular, path("pipe"))) { try SmallFile.read(path("pipe"), limit: 10) }
    }

    @Test("an empty path and one with a zero byte are refused", arguments: ["", "a\0b"])
    func badPath(text: String) {
        #expect(throws: FileError(.badPath, UTF8Text(text))) { try SmallFile.read(UTF8Text(text), limit: 10) }
    }

    @Test("the directory of a path is found", arguments: [("a", "."), ("/a", "/"), ("/b/a", "/b"), ("b/c/a", "b/c")])
    func parent(path: String, parent: String) {
        #expect(SmallFile.parent(of: UTF8Text(path)).string == parent)
    }

    @Test("a folder's names are sorted by their bytes and filtered, and a missing folder has none")
    func names() throws {
        defer { clean() }
        for name in ["20-b.conf", "3.conf", "10-a.conf", "note.txt", "ü.conf"] { try SmallFile.writeNew(path(name), []) }
        let here = UTF8Text(folder.path)
        #expect(try Folder.names(in: here, suffix: ".conf", limit: 5).map(\.string) == ["10-a.conf", "20-b.conf", "3.conf", "ü.conf"])
        #expect(throws: FileError(.tooManyEntries, here)) { try Folder.names(in: here, suffix: ".conf", limit: 4) }
        #expect(try Folder.names(in: path("none"), suffix: "", limit: 5).isEmpty)
        #expect(throws: FileError.self) { try Folder.names(in: path("note.txt"), suffix: "", limit: 5) }
    }
}
