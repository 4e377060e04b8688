public import Foundation

/// The recorded and reference data that the tests read in place: `../shared/data`, or the folder that `TEST_DATA` names.
///
/// A test that needs it skips visibly on a machine without it: `.enabled(if: TestData.isPresent, TestData.reason)`.
public enum TestData {
    /// The folder.
    public static let root: URL = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        guard let named = ProcessInfo.processInfo.environment["TEST_DATA"], !named.isEmpty else {
            return package.appendingPathComponent("../shared/data").standardizedFileURL
        }
        return URL(fileURLWithPath: named, relativeTo: package).standardizedFileURL
    }()

    /// Whether the folder is there.
    public static var isPresent: Bool {
        FileManager.default.fileExists(atPath: root.path)
    }

    /// What a skipped test says.
    public static let reason = "needs the reference data of ../shared/data (or TEST_DATA)"

    /// A file or folder of the data, for example `format/cases.json`.
    public static func url(_ path: String) -> URL {
        root.appendingPathComponent(path)
    }

    /// The content of a file.
    public static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: url(path)))
    }

    /// The names of a folder's files, sorted; empty where the data is absent, so that it can stand in `arguments:`.
    public static func names(in folder: String, suffix: String = "") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url(folder).path)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted()
    }
}
