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
