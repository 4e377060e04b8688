internal import Logging

/// Other trust files of the version in force that nodes show, each signed by the alliance's root: two were signed under one number, and the alliance
/// is judged by both until somebody signs the next. Said in the log when it begins, and again where it began anew.
struct TrustFileTwins {
    let logger: Logger
    private var before: Set<String> = []
    private var now: Set<String> = []
    private(set) var words: String?

    init(logger: Logger) { self.logger = logger }

    mutating func begin() {
        (before, now, words) = (now, [], nil)
    }

    mutating func note(_ source: String, version: UInt64) {
        let source = TerminalStyle.safe(source)
        now.insert(source)
        let step = "compare them with harborseal alliance show, and sign version \(version + 1) with what is right, which both nodes then take"
        if words == nil { words = "\(source) shows another trust file of version \(version), signed by the same root key: \(step)" }
        guard !before.contains(source) else { return }
        logger.warning(
            "another trust file of the version in force, signed by the same root key; this node goes on with its own",
            metadata: ["from": "\(source)", "version": "\(version)", "next": "\(step)"])
    }
}
