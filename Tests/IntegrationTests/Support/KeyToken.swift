import Foundation

/// Where a gateway's seal key lives, if it is in a token.
protocol KeyToken: AnyObject {
    /// What stands in front of a program that shall find it.
    var wrapper: [String] { get }
    /// `[seal] key`.
    var uri: String { get }
}

extension KeyToken {
    /// The agent's setting that names the key.
    var setting: String { "seal.key=\(uri)" }

    /// `harborseal-agent token VERB`.
    func command(_ verb: String, acceptable: Set<Int32> = [0]) throws -> String {
        try ChildProcess.run(wrapper + [try Programs.agent, "token", verb, uri], acceptable: acceptable)
    }
}
