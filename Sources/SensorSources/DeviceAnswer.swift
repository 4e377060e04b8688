import AttestationFormat
import LogisticsEvents

/// What a sensor said when it was asked.
enum DeviceAnswer: Equatable {
    /// In the quantity's integer unit.
    case value(Int64)
    /// It answered, and the answer is no value: why.
    case unreadable(UTF8Text)
    /// Nobody answered, though the kernel knows the device: why.
    case silent(UTF8Text)
    /// The kernel knows no such device: what to do.
    case absent(UTF8Text)

    /// What a failed call says.
    static func failure(errno: Int32) -> DeviceAnswer {
        .silent(errno == 0 ? "reading failed" : "reading failed: " + .systemWords(errno))
    }

    /// What an attribute of one number says.
    static func number(_ bytes: [UInt8], _ value: (DriverNumber) -> Int64?) -> DeviceAnswer {
        // A driver that could not measure gives an empty file, and no error.
        if HealthText.line(bytes).isEmpty { return .silent("the driver gave nothing") }
        guard let number = DriverNumber(bytes.span), let value = value(number) else { return .unreadable("what the driver gave is no number") }
        return .value(value)
    }
}

/// A DS18B20 or one of its relatives, as `w1_slave` shows it (Documentation/w1/slaves/w1_therm): the scratchpad and the verdict on its
/// checksum, then the scratchpad again and the temperature.
enum W1Thermometer {
    /// Reads both lines.
    static func answer(_ bytes: [UInt8]) -> DeviceAnswer {
        let text = bytes.span
        let lines = HealthText.lines(text)
        // After a failed conversion the file is empty, and reading it succeeds.
        guard lines.count == 2 else { return .silent("the sensor does not answer") }
        let scratchpad = text.extracting(lines[0])
        // Nine bytes as two digits and a space. A bus that nobody pulls down reads as ones, one that is shorted as zeros, for which
        // the checksum is right.
        guard scratchpad.count > 27 else { return .unreadable("w1_slave has another form") }
        let digits = bytes[lines[0].prefix(27)].filter { $0 != 0x20 }
        if digits.allSatisfy({ $0 == UInt8(ascii: "f") }) { return .silent("nobody answers on the bus") }
        if digits.allSatisfy({ $0 == UInt8(ascii: "0") }) { return .unreadable("the bus reads as zeros: its data line is shorted to ground") }
        guard bytes[lines[0]].suffix(4).elementsEqual(UTF8Text(" YES").bytes) else { return .unreadable("wrong checksum") }
        let marker = UTF8Text("t=").bytes
        let second = bytes[lines[1]]
        guard let start = second.indices.dropLast().last(where: { second[$0] == marker[0] && second[$0 + 1] == marker[1] })
        else { return .unreadable("w1_slave has no temperature") }
        return .number(Array(second[(start + 2)...])) { $0.decimals == 0 ? $0.units : nil }
    }
}

/// Makes readings of answers, and tells people when something changes.
struct DeviceWatch {
    /// A device that is silent so often in a row is unplugged: one I/O error is a disturbance on the wire.
    private static let silentLimit = 3

    private let sensor: UTF8Text
    private let channel: KernelChannel
    private var silentCount = 0
    /// The fault of the last reading; nil and ``hasAnswered`` false before the first.
    private var lastFault: ReadingFault?
    private var hasAnswered = false

    init(sensor: UTF8Text, channel: KernelChannel) {
        self.sensor = sensor
        self.channel = channel
    }

    /// Gives the reading, and a notice where the sensor's state has changed.
    mutating func take(_ answer: DeviceAnswer, at moment: EventMoment, into output: inout SourceOutput) {
        let (fault, text) = judge(answer)
        if case .value(let value) = answer {
            output.readings.append(SensorReading(sensor: sensor, quantity: channel.quantity, value: value, at: moment, fault: fault))
        } else if let fault {
            output.readings.append(SensorReading(sensor: sensor, quantity: channel.quantity, fault: fault, at: moment))
        }
        if !hasAnswered || fault != lastFault {
            output.notices.append(SourceNotice(fault == nil ? .notice : .warning, source: sensor, text))
        }
        (lastFault, hasAnswered) = (fault, true)
    }

    /// What the answer means after those before it, for the reading and for people.
    private mutating func judge(_ answer: DeviceAnswer) -> (ReadingFault?, UTF8Text) {
        let silentBefore = silentCount
        silentCount = 0
        switch answer {
        case .value(let value):
            guard channel.isFailure(value) else { return (nil, "gives values") }
            return (
                .failureValue,
                "gives " + .decimal(value) + " " + channel.quantity.description.wireUnit.text
                    + ", which this device cannot have measured: check its power and wires; recorded and flagged"
            )
        case .unreadable(let reason): return (.unreadable, reason)
        case .absent(let reason): return (.absent, reason)
        case .silent(let reason):
            silentCount = min(silentBefore + 1, DeviceWatch.silentLimit)
            guard silentCount == DeviceWatch.silentLimit || lastFault == .absent else { return (.unreadable, reason) }
            return (.absent, reason + ": is it unplugged?")
        }
    }
}
