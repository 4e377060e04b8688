import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
import SensorSources

/// A folder that looks like sysfs: devices below `devices`, and the classes' links to them.
final class DeviceTree {
    let root: TemporaryDirectory

    init() throws {
        root = try TemporaryDirectory(named: "sysfs")
        for folder in ["bus/iio/devices", "bus/w1/devices", "class/hwmon"] { try makeFolder(folder) }
    }

    var sysfs: UTF8Text { UTF8Text(root.path) }

    /// An iio device with its attributes; `place` such as `platform/soc/i2c-1/1-0076`.
    func addIIO(_ number: Int, _ name: String, at place: String, _ attributes: [String: String]) throws {
        try add("bus/iio/devices/iio:device\(number)", device: "devices/\(place)/iio:device\(number)", name, attributes)
    }

    func addHwmon(_ number: Int, _ name: String, at place: String, _ attributes: [String: String]) throws {
        try add("class/hwmon/hwmon\(number)", device: "devices/\(place)/hwmon/hwmon\(number)", name, attributes)
    }

    func addThermometer(_ id: String, _ text: String) throws {
        try add("bus/w1/devices/\(id)", device: "devices/w1_bus_master1/\(id)", id, ["w1_slave": text])
    }

    /// Unplugs what the link points to.
    func remove(_ link: String) throws {
        try FileManager.default.removeItem(atPath: URL(fileURLWithPath: root.file(link)).resolvingSymlinksInPath().path)
        try FileManager.default.removeItem(atPath: root.file(link))
    }

    private func add(_ link: String, device: String, _ name: String, _ attributes: [String: String]) throws {
        try makeFolder(device)
        try root.write(name + "\n", to: device + "/name")
        for (attribute, text) in attributes { try root.write(text, to: device + "/" + attribute) }
        let upwards = String(repeating: "../", count: link.split(separator: "/").count - 1)
        try FileManager.default.createSymbolicLink(atPath: root.file(link), withDestinationPath: upwards + device)
    }

    private func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: root.file(path), withIntermediateDirectories: true)
    }
}

/// A sensor read at times that the test chooses.
final class DeviceReader {
    let source: DeviceSource
    private(set) var notices: [String] = []
    private var now: UInt64 = 1_000

    init(_ place: DevicePlace, sensor: UTF8Text = "air") throws {
        source = try DeviceSource(sensor: sensor, place: place, periodMilliseconds: 1_000)
    }

    /// What the next reading says.
    func read() -> [SensorReading] {
        now += 1_000
        var output = SourceOutput()
        let moment = EventMoment(wallMilliseconds: 1_795_327_388_000 + now, monotonicMilliseconds: now, clockSource: .rtc)
        source.serve([], context: SourceContext(moment: moment, eventRoom: 10), into: &output)
        notices += output.notices.map(\.text.string)
        return output.readings
    }

    /// The value and fault of the next reading.
    func answer() -> Answer? {
        let readings = read()
        return readings.count == 1 ? Answer(readings[0].value, readings[0].fault) : nil
    }

    struct Answer: Equatable {
        let value: Int64?
        let fault: ReadingFault?

        init(_ value: Int64?, _ fault: ReadingFault? = nil) {
            self.value = value
            self.fault = fault
        }
    }
}
