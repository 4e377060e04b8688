internal import AttestationFormat
internal import CModbusShims

/// The owner of one libmodbus context: connects when it is first needed, and anew after a failure.
final class ModbusDevice {
    /// What reading gave.
    enum Answer {
        case words([UInt16])
        /// The device answered with an exception, such as an address that it does not have.
        case exception(String)
        /// No answer, or no connection.
        case failed(String)
    }

    private let handle: OpaquePointer
    private var isConnected = false

    /// Nil when there is no memory, or the address cannot be.
    init?(_ device: ModbusConfiguration.Device) {
        let made: OpaquePointer? =
            switch device.address {
            case .tcp(let host, let port):
                host.string.withCString { modbus_device_tcp($0, port, device.unit, device.timeoutMilliseconds) }
            case .rtu(let line, let baud, let parity, let stopBits):
                line.string.withCString {
                    modbus_device_rtu($0, baud, CChar(bitPattern: parity), stopBits, device.unit, device.timeoutMilliseconds)
                }
            }
        guard let made else { return nil }
        handle = made
    }

    deinit { modbus_device_free(handle) }

    /// Reads one value's registers; waits for the answer.
    func read(_ register: ModbusConfiguration.Register) -> Answer {
        if !isConnected {
            let result = modbus_device_connect(handle)
            guard result == 0 else { return .failed(ModbusDevice.words(result)) }
            isConnected = true
        }
        var words: [UInt16] = [0, 0, 0, 0]
        let result = words.withUnsafeMutableBufferPointer {
            modbus_device_read(handle, register.table.rawValue, register.address, register.format.wordCount, $0.baseAddress)
        }
        if result >= 0 { return .words(Array(words.prefix(Int(result)))) }
        if modbus_device_is_exception(result) { return .exception(ModbusDevice.words(result)) }
        disconnect()
        return .failed(ModbusDevice.words(result))
    }

    func disconnect() {
        if isConnected { modbus_device_disconnect(handle) }
        isConnected = false
    }

    private static func words(_ error: Int32) -> String {
        modbus_device_error_text(error).map { String(cString: $0) } ?? "error \(error)"
    }
}
