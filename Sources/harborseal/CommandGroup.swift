import ArgumentParser
import Foundation
import HarborsealCommands

/// A command that only has others below it: alone it does nothing, so a script must not take it for done.
protocol CommandGroup: AsyncParsableCommand {}

extension CommandGroup {
    mutating func run() async throws {
        let help = Harborseal.helpMessage(for: Self.self)
        try? FileHandle.standardError.write(contentsOf: Data((help + "\n").utf8))
        throw ExitCode(CommandError.Code.usage.rawValue)
    }
}
