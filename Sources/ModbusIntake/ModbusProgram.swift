internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import SmallFiles

/// `harborseal-modbus`: reads the devices of `modbus.conf` in turn and hands each poll to the agent as one line.
public enum ModbusProgram {
    private static let help = """
        usage: harborseal-modbus [--config FILE] [--check | --once | --help]

        Reads Modbus devices (TCP and RTU) and hands their values to the intake socket of harborseal-agent.
          --config FILE   instead of /etc/harborseal/modbus.conf
          --check         says what is wrong with the configuration, and ends
          --once          reads each device once, prints the lines that would go out, and ends

        """

    /// Runs until a signal; the exit code (sysexits).
    public static func run() -> Int32 {
        var path = ModbusSettings.usualPath
        var (isCheck, isOnce) = (false, false)
        let words = arguments()
        var index = 0
        while index < words.count {
            switch words[index] {
            case "--help", "-h":
                print(help)
                return 0
            case "--check": isCheck = true
            case "--once": isOnce = true
            case "--config" where index + 1 < words.count:
                index += 1
                path = words[index]
            default:
                tell("\(words[index].string) is no option: see harborseal-modbus --help")
                return 64
            }
            index += 1
        }
        return run(path, isCheck: isCheck, isOnce: isOnce)
    }

    private static func run(_ path: UTF8Text, isCheck: Bool, isOnce: Bool) -> Int32 {
        let configuration: ModbusConfiguration
        do throws(ConfigurationProblems) {
            configuration = try ModbusConfiguration.load(path)
        } catch {
            for problem in error.problems {
                // What is not there stands in no line, and still belongs into that file.
                if case .builtIn = problem.origin { tell(path.string + ": " + problem.message.string) } else { tell(problem.message.string) }
            }
            return 78
        }
        if isCheck { return 0 }
        if isOnce { return ModbusLoop.readOnce(configuration) }
        do throws(FileError) {
            guard let loop = ModbusLoop(configuration, numbers: try NumberFile(configuration.numbersPath)) else { return 71 }
            loop.run()
            return 0
        } catch {
            tell("the numbers of lines cannot be kept: \(error.message); mend or move the file away, and give [intake] another source name")
            return 74
        }
    }

    private static func arguments() -> [UTF8Text] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = bytes.withUnsafeMutableBufferPointer { posix_arguments($0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        let words = bytes[..<count].split(separator: 0, omittingEmptySubsequences: false).dropLast().dropFirst()
        return words.map { UTF8Text(validating: Array($0)) ?? "?" }
    }

    /// One line to standard error; line breaks inside become spaces.
    static func tell(_ text: String) {
        let line = text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 } + [0x0A]
        posix_write_standard_error(line, line.count)
    }

    static func print(_ text: String) {
        let bytes = Array(text.utf8)
        _ = posix_write_standard_output(bytes, bytes.count)
    }
}
