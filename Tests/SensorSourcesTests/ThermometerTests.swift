import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

/// `w1_slave` as the kernel writes it.
private func slave(_ scratchpad: String, _ verdict: String, _ temperature: Int) -> String {
    "\(scratchpad) : crc=\(scratchpad.suffix(2)) \(verdict)\n\(scratchpad) t=\(temperature)\n"
}

private func answer(_ text: String) -> DeviceAnswer { W1Thermometer.answer(Array(text.utf8)) }

private let good = slave("72 01 4b 46 7f ff 0e 10 57", "YES", 23_125)

@Suite("w1_slave") struct W1ThermometerTests {
    @Test("a temperature is read where the checksum is right")
    func value() {
        #expect(answer(good) == .value(23_125))
        #expect(answer(slave("f8 fe 4b 46 7f ff 08 10 3a", "YES", -16_500)) == .value(-16_500))
    }

    @Test("the failure values are values: what they mean is said elsewhere")
    func failureValues() {
        #expect(answer(slave("50 05 4b 46 7f ff 0c 10 1c", "YES", 85_000)) == .value(85_000))
        #expect(answer(slave("ff 07 4b 46 7f ff 01 10 8e", "YES", 127_937)) == .value(127_937))
    }

    @Test("a wrong checksum gives no value, though a temperature stands there")
    func checksum() {
        #expect(answer(slave("72 01 4b 46 7f ff 0e 10 58", "NO", 23_125)) == .unreadable("wrong checksum"))
    }

    @Test("a shorted bus reads as zeros, whose checksum is right: that is no 0.000 °C")
    func zeros() {
        guard case .unreadable(let reason) = answer(slave("00 00 00 00 00 00 00 00 00", "YES", 0)) else {
            Issue.record("taken for a value")
            return
        }
        #expect(reason.string.contains("shorted"))
        // A real 0.000 °C has the registers beside it.
        #expect(answer(slave("00 00 4b 46 7f ff 10 10 a9", "YES", 0)) == .value(0))
    }

    @Test("ones are a bus on which nobody answers, and so is an empty file")
    func nobody() {
        for text in [slave("ff ff ff ff ff ff ff ff ff", "NO", -62), "", "\n"] {
            guard case .silent = answer(text) else {
                Issue.record("\(text): not silent")
                continue
            }
        }
    }

    @Test(
        "anything else is unreadable",
        arguments: [
            "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=\n", "a\nb\n", "\n\n",
            "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57\n",
            "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=1.5\n",
            "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\nt=x\n", "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES?\nt=1\n", "::::::::::::::::::::::::::::::\nt\n",
        ])
    func nonsense(_ text: String) {
        if case .value = answer(text) { Issue.record("taken for a value: \(text)") }
    }

    @Test("every cut of a good answer is no other value")
    func cuts() {
        for count in 0..<good.utf8.count - 1 {
            if case .value(let value) = answer(String(good.prefix(count))) { #expect([2, 23, 231, 2_312, 23_125].contains(value)) }
        }
    }
}

/// A sensor that takes its time, as a FIFO: whoever reads it waits until somebody writes.
private final class SlowFile: @unchecked Sendable {
    let path: String
    private var writer: Int32

    init(_ path: String) {
        self.path = path
        unlink(path)
        mkfifo(path, 0o600)
        writer = open(path, O_RDWR | O_CLOEXEC)
    }

    deinit { if writer >= 0 { close(writer) } }

    /// Gives the answer after so long, and ends the file.
    func answer(_ text: String, afterMilliseconds delay: UInt32) {
        Thread.detachNewThread { [self] in
            usleep(delay * 1_000)
            _ = text.withCString { write(writer, $0, strlen($0)) }
            close(writer)
            writer = -1
        }
    }
}

@Suite("Sensors that measure while they are read", .serialized) struct SlowSensorTests {
    private let tree: DeviceTree
    private let id = "28-0316a2795bff"

    init() throws {
        tree = try DeviceTree()
        try tree.addThermometer(id, good)
    }

    private func source(period: UInt64 = 60_000) throws -> DeviceSource {
        try DeviceSource(sensor: "probe", place: DevicePlace(.w1, device: UTF8Text(id), sysfs: tree.sysfs), periodMilliseconds: period)
    }

    private var slaveFile: String { tree.root.file("devices/w1_bus_master1/\(id)/w1_slave") }

    @Test("a thermometer is read by a child, and its reading comes")
    func reads() throws {
        let driver = SourceDriver(.device(try source()))
        #expect(driver.turn { !driver.readings.isEmpty })
        #expect(driver.readings.map(\.value) == [23_125] && driver.readings[0].sensor == "probe")
        #expect(driver.notices == ["probe: gives values"])
    }

    @Test("while a sensor measures for 750 ms the loop goes on turning")
    func doesNotWait() throws {
        let file = SlowFile(slaveFile)
        let driver = SourceDriver(.device(try source()))
        let start = SourceDriver.now()
        file.answer(good, afterMilliseconds: 750)
        while driver.readings.isEmpty, SourceDriver.now() < start + 60_000 { driver.turn(milliseconds: 5) }
        #expect(driver.readings.map(\.value) == [23_125])
        #expect(SourceDriver.now() - start >= 700)
        // 150 turns of 5 ms; a busy machine has time for fewer. A loop that waited for the sensor would have turned once.
        #expect(driver.turnCount >= 10)
    }

    @Test("a file that is not there any more when the sensor is due is an absent sensor, and it comes back by itself")
    func unplugged() throws {
        let driver = SourceDriver(.device(try source(period: 100)))
        #expect(driver.turn { driver.readings.count == 1 })
        try tree.remove("bus/w1/devices/\(id)")
        #expect(driver.turn { driver.readings.last?.fault == .absent })
        try tree.addThermometer(id, slave("50 05 4b 46 7f ff 0c 10 1c", "YES", 85_000))
        #expect(driver.turn { driver.readings.last?.fault == .failureValue })
        #expect(driver.readings.last?.value == 85_000)
        try tree.root.write(good, to: "bus/w1/devices/\(id)/w1_slave")
        #expect(driver.turn { driver.readings.last?.fault == nil })
    }

    @Test("an iio driver that was found to be slow is read by a child, too")
    func slowDriver() throws {
        try tree.addIIO(0, "scd41", at: "platform/i2c-1/1-0062", [
            "in_temp_raw": "26000\n", "in_temp_offset": "-16852.114286\n", "in_temp_scale": "2.670288085\n",
        ])
        let source = try DeviceSource(
            sensor: "air", place: DevicePlace(.iio, device: "scd41", channel: "temp", sysfs: tree.sysfs), periodMilliseconds: 60_000)
        source.isSlow = true
        let driver = SourceDriver(.device(source))
        #expect(driver.turn { !driver.readings.isEmpty })
        #expect(driver.readings.map(\.value) == [24_427])
    }

    @Test("a child that reads for ever ends with its owner", .timeLimit(.minutes(3)))
    func ends() throws {
        let file = SlowFile(slaveFile)
        var driver: SourceDriver? = SourceDriver(.device(try source()))
        driver?.turn()
        let children = try childrenOfThisProcess("cat")
        #expect(!children.isEmpty)
        driver = nil
        for _ in 0..<5_000 where !(try childrenOfThisProcess("cat").isEmpty) { usleep(10_000) }
        #expect(try childrenOfThisProcess("cat").isEmpty)
        _ = file
    }

    /// Running children of that name; zombies are no processes any more.
    private func childrenOfThisProcess(_ name: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { id in
            guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return false }
            return status.hasPrefix("\(id) (\(name)) ") && status.split(separator: " ")[3] == "\(getpid())" && status.split(separator: " ")[2] != "Z"
        }
    }
}
