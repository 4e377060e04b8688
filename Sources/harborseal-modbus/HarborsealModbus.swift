internal import CPosixShims
internal import ModbusIntake

/// Modbus devices beside the agent. Everything is in ModbusIntake; here is only the door.
@main enum HarborsealModbus {
    static func main() { posix_exit(ModbusProgram.run()) }
}
