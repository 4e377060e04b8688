import ArgumentParser
import Foundation

/// A yes to what cannot be undone, given beforehand or when asked.
struct ConfirmationOption: ParsableArguments {
    @Flag(name: .long, help: "Do it however far back the time reaches, without asking.")
    var yes = false

    /// Asks on a terminal; nil: nobody is there.
    static var ask: (@Sendable (String) -> Bool)? {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return nil }
        return { words in
            try? FileHandle.standardError.write(contentsOf: Data("\(words)\nThis cannot be undone. Go on? [y/N] ".utf8))
            return ["y", "yes"].contains((readLine() ?? "").trimmingCharacters(in: .whitespaces).lowercased())
        }
    }
}
