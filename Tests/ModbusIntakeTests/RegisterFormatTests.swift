import AttestationFormat
import LogisticsEvents
@testable import ModbusIntake
import Testing

private func register(
    _ format: RegisterFormat, _ quantity: Quantity = .temperature, scale: String = "1", failures: [Int64] = []
) throws -> ModbusConfiguration.Register {
    ModbusConfiguration.Register(
        sensor: "s", table: .holding, address: 0, format: format, quantity: quantity, scale: try #require(DecimalFactor(text: UTF8Text(scale))), failures: failures)
}

@Suite("Registers") struct RegisterFormatTests {
    @Test(
        "words become values in the quantity's unit",
        arguments: [
            ([215], RegisterFormat.int16, Quantity.temperature, "0.1", 21_500), ([0xFF38], .int16, .temperature, "0.1", -20_000), ([0xFF38], .uint16, .count, "1", 65_336),
            ([0x0001, 0x86A0], .uint32(isLowWordFirst: false), .pressure, "1", 100_000), ([0x86A0, 0x0001], .uint32(isLowWordFirst: true), .pressure, "1", 100_000),
            ([0xFFFF, 0xFFFE], .int32(isLowWordFirst: false), .temperature, "1", -2000), ([0x41AC, 0x0000], .float32(isLowWordFirst: false), .temperature, "1", 21_500),
            ([0x0000, 0xC1AC], .float32(isLowWordFirst: true), .temperature, "1", -21_500), ([0x3DCC, 0xCCCD], .float32(isLowWordFirst: false), .voltage, "10", 1000),
            ([1], .bit, .state, "1", 1), ([0], .bit, .state, "1", 0), ([7], .uint16, .state, "1", 1), ([0], .float32(isLowWordFirst: false), .temperature, "1", nil), ([], .int16, .temperature, "1", nil),
        ] as [([UInt16], RegisterFormat, Quantity, String, Int64?)])
    func values(_ words: [UInt16], _ format: RegisterFormat, _ quantity: Quantity, _ scale: String, _ expected: Int64?) throws {
        #expect(try register(format, quantity, scale: scale).value(words) == expected)
    }

    @Test("a number that stands for a failed sensor is none", arguments: [([0x7FFF], [32_767, -32_768]), ([0x8000], [32_767, -32_768])] as [([UInt16], [Int64])])
    func failures(_ words: [UInt16], _ failures: [Int64]) throws {
        #expect(try register(.int16, failures: failures).value(words) == nil)
        #expect(try register(.int16, failures: failures).value([32_766]) != nil)
    }

    @Test("floats are exact to a millionth, on every bit pattern that was tried, as the processor has them")
    func floats() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bits = UInt32.random(in: 0...UInt32.max, using: &generator)
            let float = Double(Float(bitPattern: bits))
            let found = RegisterFormat.millionths(bits)
            guard float.isFinite, abs(float) < 4e12 else {
                #expect(found == nil || abs(float) < 9e12)
                continue
            }
            let expected = (float * 1_000_000).rounded(.toNearestOrAwayFromZero)
            #expect(found.map { abs(Double($0) - expected) <= 1 } == true, "\(bits): \(float)")
        }
    }

    @Test("not a number, infinite and huge ones are no values", arguments: [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x5500_0000] as [UInt32])
    func noFloat(_ bits: UInt32) {
        #expect(RegisterFormat.millionths(bits) == nil)
    }
}

@Suite("Lines on their way to the agent") struct LineSenderTests {
    private static let stored = Array("{\"epoch\":\"0011223344556677\",\"sequence\":1}\n".utf8)
    private static let refused = Array("{\"error\":\"the journal is full\",\"key\":\"\"}\n".utf8)

    @Test("one line at a time, repeated until it is stored")
    func repeats() {
        var sender = LineSender()
        #expect(sender.next(nowMilliseconds: 0) == nil)
        #expect(sender.add([1]) && sender.add([2]))
        #expect(sender.next(nowMilliseconds: 0) == [1])
        #expect(sender.next(nowMilliseconds: 0) == nil)
        sender.disconnected(nowMilliseconds: 0)
        #expect(sender.next(nowMilliseconds: 4_999) == nil)
        #expect(sender.next(nowMilliseconds: 5_000) == [1])
        #expect(sender.receive(Array(Self.stored.prefix(10)), nowMilliseconds: 5_001) == nil)
        #expect(sender.receive(Array(Self.stored.dropFirst(10)), nowMilliseconds: 5_002) == .stored)
        #expect(sender.next(nowMilliseconds: 5_002) == [2])
        #expect(sender.storedCount == 1)
    }

    @Test("a refused line is tried five times, then dropped and counted: it must not hold up the rest")
    func refuses() {
        var sender = LineSender()
        _ = sender.add([1])
        _ = sender.add([2])
        var now: UInt64 = 0
        for _ in 1...5 {
            #expect(sender.next(nowMilliseconds: now) == [1])
            let outcome = sender.receive(Self.refused, nowMilliseconds: now)
            #expect(outcome == .refused(String(decoding: Self.refused.dropLast(), as: UTF8.self)))
            now += LineSender.pauseMilliseconds
        }
        #expect(sender.next(nowMilliseconds: now) == [2])
        #expect(sender.droppedCount == 1)
    }

    @Test("no more lines wait than there is room for; the newest are dropped and counted")
    func bounded() {
        var sender = LineSender()
        for number in 0..<LineSender.capacity + 7 { _ = sender.add([UInt8(truncatingIfNeeded: number)]) }
        #expect(sender.waitingCount == LineSender.capacity)
        #expect(sender.droppedCount == 7)
        #expect(sender.next(nowMilliseconds: 0) == [0])
    }

    @Test("an answer that nobody waits for changes nothing")
    func unasked() {
        var sender = LineSender()
        #expect(sender.receive(Self.stored, nowMilliseconds: 0) == nil)
        _ = sender.add([1])
        #expect(sender.receive(Self.stored, nowMilliseconds: 0) == nil)
        #expect(sender.next(nowMilliseconds: 0) == [1])
    }

    @Test("an overdue answer has a deadline")
    func overdue() {
        var sender = LineSender()
        #expect(sender.nextDeadline == nil)
        _ = sender.add([1])
        #expect(sender.nextDeadline == 0)
        _ = sender.next(nowMilliseconds: 7)
        #expect(sender.nextDeadline == 30_007)
    }
}
