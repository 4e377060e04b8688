import Foundation

/// What the kernel says of this process's memory.
public enum ProcessMemory {
    /// A line of `/proc/self/status`: `VmRSS` now, `VmHWM` the most so far.
    public static func kibibytes(_ field: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return line.flatMap { Int($0.dropFirst(field.count + 1).filter(\.isNumber)) } ?? 0
    }
}
