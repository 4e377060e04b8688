import Foundation

/// A wall clock that is wrong by so many seconds, for a program that is run with a preloaded library.
struct ClockShift {
    let seconds: Int64

    static var source: String { Programs.packageRoot + "/Tests/IntegrationTests/Support/clock-shift.c" }

    /// As an environment has it.
    var setting: String { "CLOCK_SHIFT_SECONDS=\(seconds)" }

    /// What stands in front of a program that shall live by that clock.
    /// - Parameter folder: where the library stays while it runs.
    func wrapper(in folder: ScratchFolder) throws -> [String] {
        let library = folder.file("clock-shift.so")
        try ChildProcess.run(["clang", "-shared", "-fPIC", "-O1", "-o", library, Self.source])
        return ["/usr/bin/env", "LD_PRELOAD=\(library)", setting]
    }

    /// This machine's agent under that clock.
    func agent(in folder: ScratchFolder) throws -> [String] { try wrapper(in: folder) + [try Programs.agent] }
}

/// Clocks that a test moves while the program runs: the wall clock as a time service would, the clocks since boot as a suspension does.
final class MovableClocks {
    private let folder: ScratchFolder
    private var wallSeconds: Int64
    private var aheadSeconds: Int64 = 0

    /// - Parameter wallSeconds: by how much the wall clock is wrong at first.
    init(wallSeconds: Int64) throws {
        folder = try ScratchFolder(named: "hs-clocks")
        self.wallSeconds = wallSeconds
        _ = FileManager.default.createFile(atPath: folder.file("clocks"), contents: Data(count: 16))
        try store()
    }

    /// What stands in front of a program that shall live by them, and of its children.
    func wrapper() throws -> [String] {
        try ClockShift(seconds: wallSeconds).wrapper(in: folder) + ["CLOCK_FILE=\(folder.file("clocks"))"]
    }

    func setWall(_ seconds: Int64) throws {
        wallSeconds = seconds
        try store()
    }

    /// So many seconds pass at once.
    func pass(_ seconds: Int64) throws {
        aheadSeconds += seconds
        try store()
    }

    /// In place: the program has the file mapped.
    private func store() throws {
        guard let file = FileHandle(forUpdatingAtPath: folder.file("clocks")) else { throw IntegrationFailure("the clocks' file is gone") }
        try file.write(contentsOf: [wallSeconds, aheadSeconds].withUnsafeBytes { Data($0) })
        try file.close()
    }
}
