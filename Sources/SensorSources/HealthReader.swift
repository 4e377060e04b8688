import AttestationFormat
import CPosixShims
import LogisticsEvents

/// Reads the machine's health from files whose forms proc(5) and sysfs document.
struct HealthReader {
    private let root: UTF8Text
    private let diskPath: UTF8Text

    /// `/proc/meminfo` and `/proc/net/dev` of machines with dozens of interfaces fit.
    private static let fileByteCount = 16 * 1024
    /// Interfaces and zones that are reported; an event has 4,096 bytes.
    private static let maximumReadingCount = 16

    init(root: UTF8Text, diskPath: UTF8Text) {
        self.root = root
        self.diskPath = diskPath
    }

    /// The facts, and the first file that could not be read or understood.
    func read(unreceiptedCount: UInt64) -> (facts: HealthFacts, missing: UTF8Text?) {
        var missing: UTF8Text?
        func value(_ path: UTF8Text, _ parse: (Span<UInt8>) -> UInt64?) -> UInt64 {
            if let bytes = file(path), let value = parse(bytes.span) { return value }
            if missing == nil { missing = root + path }
            return 0
        }
        let free = posix_path_free_bytes(diskPath.cString)
        var facts = HealthFacts(
            uptimeSeconds: value("/proc/uptime") { HealthText.decimal($0, from: 0, decimals: 0) },
            loadMilli: value("/proc/loadavg") { HealthText.decimal($0, from: 0, decimals: 3) },
            memoryFreeKiB: value("/proc/meminfo") { HealthText.number($0, after: "MemAvailable:") },
            diskFreeKiB: UInt64(max(free, 0)) / 1024, unreceiptedCount: unreceiptedCount)
        if free < 0, missing == nil { missing = "disk = " + diskPath }
        facts.readings = thermalZones() + networkBytes()
        return (facts, missing)
    }

    private func file(_ path: UTF8Text) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: HealthReader.fileByteCount)
        let count = posix_small_file_read((root + path).cString, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        bytes.removeLast(bytes.count - Int(count))
        return bytes
    }

    /// Milli-degrees, as the kernel gives them (Documentation/driver-api/thermal/sysfs-api.rst). Zones have no gaps.
    private func thermalZones() -> [EventReading] {
        var readings: [EventReading] = []
        for zone in 0..<HealthReader.maximumReadingCount {
            let name = "thermal-zone" + UTF8Text.decimal(Int64(zone))
            let folder = "/sys/class/thermal/thermal_zone" + UTF8Text.decimal(Int64(zone))
            guard let bytes = file(folder + "/temp") else { break }
            let value = HealthText.signed(bytes.span)
            readings.append(
                EventReading(sensor: name, quantity: UInt64(Quantity.temperature.rawValue), value: value))
        }
        return readings
    }

    /// Bytes received and sent by each interface but the loopback, since it came up (proc(5), `/proc/net/dev`).
    private func networkBytes() -> [EventReading] {
        guard let bytes = file("/proc/net/dev") else { return [] }
        var readings: [EventReading] = []
        for line in HealthText.lines(bytes.span) {
            let interface = HealthText.interface(bytes.span, line)
            guard let interface, readings.count + 2 <= HealthReader.maximumReadingCount else { continue }
            let quantity = UInt64(Quantity.bytes.rawValue)
            readings.append(
                EventReading(sensor: interface.name + ".received", quantity: quantity, value: interface.received))
            readings.append(EventReading(sensor: interface.name + ".sent", quantity: quantity, value: interface.sent))
        }
        return readings
    }
}
