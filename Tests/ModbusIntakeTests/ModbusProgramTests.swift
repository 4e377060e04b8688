import AttestationFormat
import CPosixShims
import Foundation
import HarborsealTesting
import LogisticsEvents
import SensorSources
import Testing

/// A built program, beside the tests' own; ended at the latest with its owner.
private final class Child {
    let process = Process()
    private let output = Pipe()
    private var text = ""

    init(_ name: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        _ = fcntl(output.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// What it has said so far.
    var said: String {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
        if count > 0 { text += String(decoding: bytes[..<count], as: UTF8.self) }
        return text
    }
}

private func waitUntil(_ condition: () throws -> Bool) rethrows -> Bool {
    let end = posix_boottime_milliseconds() + 60_000
    while try !condition() {
        guard posix_boottime_milliseconds() < end else { return false }
        usleep(10_000)
    }
    return true
}

/// The agent's end of the intake socket: reads lines as the agent does, and answers each.
private final class Intake {
    private let listener: Int32
    private var client: Int32 = -1
    private var received: [UInt8] = []
    private(set) var lines: [[UInt8]] = []
    var answer = "{\"epoch\":\"0011223344556677\",\"sequence\":1}\n"

    init(_ path: String) { listener = posix_unix_listen(path, 0o600, 4) }
    deinit {
        hangUp()
        _ = posix_socket_close(listener)
    }

    func hangUp() {
        if client >= 0 { _ = posix_socket_close(client) }
        client = -1
    }

    /// Takes what has come; the lines so far.
    func turn() -> Int {
        if client < 0 { client = posix_socket_accept(listener) }
        guard client >= 0 else { return lines.count }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = posix_socket_read(client, &bytes, bytes.count)
        if count == 0 { hangUp() }
        if count > 0 { received += bytes[..<count] }
        while let end = received.firstIndex(of: 0x0A) {
            lines.append(Array(received[..<end]))
            received.removeFirst(end + 1)
            let reply = Array(answer.utf8)
            _ = posix_socket_write(client, reply, reply.count)
        }
        return lines.count
    }

    /// A line, as the agent's own reader understands it.
    func read(_ index: Int) throws -> (readings: [EventReading], identity: IntakeIdentity?) {
        var parser = IntakeParser()
        let bytes = lines[index]
        let line = try parser.parse(bytes.span, at: EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1))
        return (line.draft.event.readings, line.identity)
    }
}

@Suite("harborseal-modbus", .serialized) struct ModbusProgramTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory(named: "harborseal-modbus") }

    private func configuration(_ device: String, _ registers: String) throws -> String {
        try folder.write(
            "[intake]\nsocket = \(folder.file("intake.sock"))\nnumbers = \(folder.file("numbers"))\n[device.reefer]\n\(device)\n\(registers)", to: "modbus.conf")
    }

    private static let registers = """
        [register.reefer-air]
        device = reefer
        address = 0
        scale = 0.1
        quantity = temperature
        failure = 32767
        [register.humidity]
        device = reefer
        table = input
        address = 2
        format = float32
        quantity = relative-humidity
        [register.defrost]
        device = reefer
        table = coil
        address = 1
        quantity = state

        """

    private static let values = ["h0=65336", "i2=16968", "i3=0", "c1=1"]

    private func server(_ port: UInt16, _ values: [String] = values) throws -> Child {
        let child = try Child("ModbusServer", ["tcp", "\(port)"] + values)
        #expect(waitUntil { child.said.contains("ready") }, "\(child.said)")
        return child
    }

    private func check(_ readings: [EventReading]) {
        #expect(readings.map(\.sensor) == ["reefer-air", "humidity", "defrost"])
        #expect(readings.map(\.quantity) == [1, 2, 13])
        #expect(readings.map { $0.value } == [-20_000, 50_000, 1].map { CBORInteger($0) })
    }

    @Test("a TCP device's values reach the intake as a line that the agent takes, each with a number of its own, also after a restart")
    func tcp() throws {
        let port = try LoopbackPort.free()
        let server = try server(port)
        let intake = Intake(folder.file("intake.sock"))
        let path = try configuration("type = tcp\nhost = 127.0.0.1\nport = \(port)\nperiod = 100 ms", Self.registers)
        for start: UInt64 in [0, 1000] {
            let before = intake.turn()
            let program = try Child("harborseal-modbus", ["--config", path])
            #expect(waitUntil { intake.turn() >= before + 3 }, "\(program.said)")
            let (readings, identity) = try intake.read(before)
            check(readings)
            #expect(identity?.source == "modbus" && identity?.number == start)
            program.process.terminate()
            program.process.waitUntilExit()
            intake.hangUp()
        }
        withExtendedLifetime(server) {}
    }

    @Test("an RTU device on a serial line gives the same")
    func rtu() throws {
        let ends = (try PseudoTerminal(), try PseudoTerminal())
        let relay = Relay(ends.0, ends.1)
        let server = try Child("ModbusServer", ["rtu", ends.0.path, "17"] + Self.values)
        #expect(waitUntil { server.said.contains("ready") })
        let intake = Intake(folder.file("intake.sock"))
        let path = try configuration("type = rtu\nline = \(ends.1.path)\nunit = 17\nperiod = 200 ms\ntimeout = 5 s", Self.registers)
        let program = try Child("harborseal-modbus", ["--config", path])
        #expect(waitUntil { intake.turn() >= 2 }, "\(program.said)")
        check(try intake.read(1).readings)
        relay.stop()
    }

    @Test("a device that goes and comes again: null readings in between, said once each way")
    func gone() throws {
        let port = try LoopbackPort.free()
        let intake = Intake(folder.file("intake.sock"))
        let path = try configuration("type = tcp\nhost = 127.0.0.1\nport = \(port)\nperiod = 200 ms\ntimeout = 5 s", Self.registers)
        let program = try Child("harborseal-modbus", ["--config", path])
        #expect(waitUntil { intake.turn() >= 3 })
        #expect(try intake.read(1).readings.map(\.value) == [nil, nil, nil])
        let server = try server(port)
        #expect(waitUntil { _ = intake.turn(); return program.said.contains("answers again") })
        let count = intake.turn()
        #expect(waitUntil { intake.turn() > count + 1 })
        check(try intake.read(intake.turn() - 1).readings)
        #expect(program.said.components(separatedBy: "no answer").count == 2, "\(program.said)")
        withExtendedLifetime(server) {}
    }

    @Test("a failed sensor and an address that the device does not have are null, and told; the other values are there")
    func faults() throws {
        let port = try LoopbackPort.free()
        let server = try server(port, ["h0=32767", "i2=16968", "c1=1"])
        let path = try configuration(
            "type = tcp\nhost = 127.0.0.1\nport = \(port)", Self.registers + "[register.far]\ndevice = reefer\naddress = 99\nquantity = count\n")
        let program = try Child("harborseal-modbus", ["--config", path, "--once"])
        program.process.waitUntilExit()
        #expect(program.process.terminationStatus == 69)
        #expect(program.said.contains(#"{"sensor":"reefer-air","quantity":"temperature","value":null}"#), "\(program.said)")
        #expect(program.said.contains(#"{"sensor":"humidity","quantity":"relative-humidity","value":50.000}"#))
        #expect(program.said.contains(#"{"sensor":"far","quantity":"count","value":null}"#))
        #expect(program.said.contains("Illegal data address; check its table and address"))
        withExtendedLifetime(server) {}
    }

    @Test("while the agent is away lines wait, and go out with their numbers when it comes")
    func agentAway() throws {
        let port = try LoopbackPort.free()
        let server = try server(port)
        let path = try configuration("type = tcp\nhost = 127.0.0.1\nport = \(port)\nperiod = 500 ms", Self.registers)
        let program = try Child("harborseal-modbus", ["--config", path])
        #expect(waitUntil { program.said.contains("is away") })
        let intake = Intake(folder.file("intake.sock"))
        #expect(waitUntil { intake.turn() >= 4 }, "\(program.said)")
        #expect(try (0..<4).map { try intake.read($0).identity?.number } == [0, 1, 2, 3])
        withExtendedLifetime(server) {}
    }

    @Test("a wrong configuration, a wrong option and numbers that cannot be read end it with the right code", arguments: [
        (["--check"], "[device.other]\ntype = tcp\nhost = 127.0.0.1\n", 78 as Int32), (["--check"], "", 0), (["--colour"], "", 64), ([], "numbers", 74),
    ])
    func codes(_ options: [String], _ change: String, _ code: Int32) throws {
        let path = try configuration("type = tcp\nhost = 127.0.0.1", Self.registers + (change == "numbers" ? "" : change))
        if change == "numbers" { try folder.write("many\n", to: "numbers") }
        let program = try Child("harborseal-modbus", ["--config", path] + options)
        program.process.waitUntilExit()
        #expect(program.process.terminationStatus == code, "\(program.said)")
    }
}

/// Copies bytes between two lines, like the wire between two serial ports.
private final class Relay: @unchecked Sendable {
    private let lock = NSLock()
    private var isStopped = false
    private let ends: (PseudoTerminal, PseudoTerminal)

    init(_ left: PseudoTerminal, _ right: PseudoTerminal) {
        ends = (left, right)
        Thread.detachNewThread { [self] in
            while !lock.withLock({ isStopped }) {
                let (fromLeft, fromRight) = (ends.0.received(), ends.1.received())
                if !fromLeft.isEmpty { ends.1.send(fromLeft) }
                if !fromRight.isEmpty { ends.0.send(fromRight) }
                if fromLeft.isEmpty, fromRight.isEmpty { usleep(2000) }
            }
        }
    }

    func stop() { lock.withLock { isStopped = true } }
}
