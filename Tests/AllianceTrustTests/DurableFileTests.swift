import AllianceTrust
import Foundation
import Testing

@Suite("files that are read whole")
struct DurableFileTests {
    @Test("a pipe, a directory, a device and nothing at all are refused at once", arguments: ["pipe", "folder", "/dev/zero", "absent"])
    func notAFile(_ name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hs-files-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #require(mkfifo(folder + "/pipe", 0o600) == 0)
        let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
        // Without a writer, opening a pipe would not come back.
        let error = #expect(throws: TrustError.self) { try DurableFile.read(path) }
        #expect(error?.code == .unreadable)
    }

    @Test("a file is read to its end, and one above the limit is refused")
    func limit() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("hs-file-\(UUID().uuidString)").path
        defer { unlink(path) }
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try DurableFile.write(bytes, to: path)
        #expect(try DurableFile.read(path, byteLimit: bytes.count) == bytes)
        let error = #expect(throws: TrustError.self) { try DurableFile.read(path, byteLimit: bytes.count - 1) }
        #expect(error?.code == .tooLarge)
    }
}
