import Foundation

/// A GPIO chip that an agent sees through a preloaded library (`gpio-chip.c`): the test makes the edges.
final class GPIOChip {
    private let folder: ScratchFolder
    private var writer: Int32 = -1

    init() throws {
        folder = try ScratchFolder(named: "hs-gpio")
        try ChildProcess.run([
            try Programs.tool("cc", package: "gcc"), "-Wall", "-Werror", "-shared", "-fPIC", "-o", folder.file("chip.so"),
            Programs.packageRoot + "/Tests/IntegrationTests/Support/gpio-chip.c",
        ])
        guard mkfifo(folder.file("edges"), 0o600) == 0 else { throw IntegrationFailure("mkfifo: errno \(errno)") }
        try plug(isActive: false)
    }

    deinit { if writer >= 0 { close(writer) } }

    /// What stands in front of the agent's command.
    var wrapper: [String] {
        [
            "/usr/bin/env", "LD_PRELOAD=" + folder.file("chip.so"), "GPIO_EDGES=" + folder.file("edges"), "GPIO_STATE=" + folder.file("state"),
            "GPIO_LOG=" + folder.file("log"),
        ]
    }

    /// What the agent asked the chip for, a line a request.
    var requests: [String] {
        ((try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    func plug(isActive: Bool) throws {
        if writer < 0 { writer = open(folder.file("edges"), O_RDWR | O_CLOEXEC) }
        try (isActive ? "1" : "0").write(toFile: folder.file("state"), atomically: true, encoding: .utf8)
    }

    func unplug() throws {
        try "gone".write(toFile: folder.file("state"), atomically: true, encoding: .utf8)
        close(writer)
        writer = -1
    }

    /// An edge with the kernel's number, so long ago by the monotonic clock.
    func edge(_ number: UInt32, rises: Bool, millisecondsAgo age: UInt64 = 0) throws {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let stamp = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec) - age * 1_000_000
        var bytes = [UInt8](repeating: 0, count: 48)
        func put(_ value: UInt64, _ count: Int, at start: Int) {
            for index in 0..<count { bytes[start + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        put(stamp, 8, at: 0)
        put(rises ? 1 : 2, 4, at: 8)
        put(17, 4, at: 12)
        put(UInt64(number), 4, at: 16)
        put(UInt64(number), 4, at: 20)
        guard write(writer, bytes, bytes.count) == bytes.count else { throw IntegrationFailure("writing an edge: errno \(errno)") }
    }
}
