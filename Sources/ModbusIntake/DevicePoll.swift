internal import AttestationFormat
internal import LogisticsEvents

/// One device's turn: reads its values and makes a line of them.
final class DevicePoll {
    let device: ModbusConfiguration.Device
    /// When it is read next, in monotonic ms.
    private(set) var dueMilliseconds: UInt64
    private let connection: ModbusDevice
    /// What was said last of it, so that a change alone is said.
    private var complaint = ""

    init?(_ device: ModbusConfiguration.Device, nowMilliseconds: UInt64) {
        guard let connection = ModbusDevice(device) else { return nil }
        self.device = device
        self.connection = connection
        dueMilliseconds = nowMilliseconds
    }

    /// Reads every register, in the order of the sections.
    ///
    /// - Returns: the readings as an intake line has them, and what to tell a person: a fault that begins, or its end.
    func read(nowMilliseconds: UInt64) -> (readings: [SensorValue], notice: String?) {
        dueMilliseconds = nowMilliseconds + device.periodMilliseconds
        var readings: [SensorValue] = []
        var found = ""
        var isUnreachable = false
        for register in device.registers {
            var value: Int64?
            // A device that does not answer is not asked for the rest: each question would cost the time-out again.
            switch isUnreachable ? .failed("") : connection.read(register) {
            case .words(let words):
                value = register.value(words)
                if value == nil { found = "\(register.sensor.string): the device says that the sensor failed, or its number does not fit" }
            case .exception(let words): found = "\(register.sensor.string): \(words); check its table and address"
            case .failed(let words):
                if !isUnreachable { found = "no answer: \(words); check power, wiring, address and unit \(device.unit)" }
                isUnreachable = true
            }
            readings.append(SensorValue(sensor: register.sensor, quantity: register.quantity, value: value))
        }
        defer { complaint = found }
        guard Array(found.utf8) != Array(complaint.utf8) else { return (readings, nil) }
        return (readings, "\(device.name.string): \(found.utf8.isEmpty ? "answers again" : found)")
    }
}
