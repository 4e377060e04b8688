internal import DeviceRegistry
internal import RegexBuilder

/// Commands that a message names as the next step, with the configuration that this one was given: without it they would read another registry's, or none.
enum GivenConfiguration {
    /// What the commands read where none is named.
    static let usual = "/etc/harborseal-registry/registry.conf"

    /// `result` with the option in each command behind a `next:`.
    static func keep(_ path: String, in result: CommandResult) -> CommandResult {
        guard path != usual else { return result }
        var result = result
        (result.output, result.notes) = (steps(of: result.output, path), steps(of: result.notes, path))
        return result
    }

    /// `error` with the option in each command of its step.
    static func keep(_ path: String, in error: any Error) -> any Error {
        guard path != usual else { return error }
        return switch error {
        case let error as RegistryError: RegistryError(error.code, error.message, nextStep: error.nextStep.map { commands(of: $0, path) })
        case let error as CommandError: CommandError(error.code, error.message, nextStep: error.nextStep.map { commands(of: $0, path) })
        default: error
        }
    }

    private static func steps(of text: String, _ path: String) -> String {
        guard text.contains("next: ") else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.contains("next: ") ? commands(of: String($0), path) : String($0) }.joined(separator: "\n")
    }

    /// Behind what belongs to the command, and before the prose that follows it. `device issue` and `registry init` read none.
    private static func commands(of text: String, _ path: String) -> String {
        guard !text.contains("--config") else { return text }
        let device = #/device (?:add|approve|code|list|replace|revoke|show)(?![a-z-])(?: [A-Za-z0-9-]+\.[A-Za-z0-9-]+)?/#
        let registry = #/registry (?:audit|firm-code|restore|serve|policy show|policy (?:set|approve) [a-z0-9-]+)(?![a-z-])/#
        let options = #/(?: --(?:firm|device|by|since|generation|reason|certificate|csv|codes|qr|second-person|note) [^\s,;:]+)*/#
        let command = Regex {
            "harborseal "
            ChoiceOf {
                device
                registry
            }
            options
        }
        return text.replacing(command) { "\(text[$0.range]) --config \(word(path))" }
    }

    /// As a shell reads it.
    private static func word(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || "/._-".utf8.contains($0) }
        return isPlain && !path.isEmpty ? path : "'" + TerminalStyle.safe(path).replacing("'", with: #"'\''"#) + "'"
    }
}
