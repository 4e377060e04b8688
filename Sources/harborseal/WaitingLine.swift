import Foundation
import HarborsealCommands

/// Which node is waited for, on standard error: one line that counts on a terminal, a line every ten seconds elsewhere.
struct WaitingLine {
    private static let lineSeconds = 10

    private let isTerminal: Bool

    /// nil: nobody looks, and nobody asked.
    init?(isAskedFor: Bool) {
        isTerminal = isatty(STDERR_FILENO) == 1
        guard isTerminal || isAskedFor else { return nil }
    }

    var tell: @Sendable (NodeWaiting?) -> Void {
        let isTerminal = isTerminal
        return { waiting in
            let text: String
            if isTerminal {
                text = "\r\u{1B}[K" + (waiting?.words ?? "")
            } else if let waiting, waiting.seconds % Self.lineSeconds == 0 || waiting.isFirst {
                text = waiting.words + "\n"
            } else {
                return
            }
            try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
        }
    }
}
