internal import AttestationFormat
internal import ConfigurationFile

/// Which of the names that exist somebody may have meant.
enum MeantName {
    /// Names that are compared: more take longer than the answer is worth.
    private static let candidateLimit = 20_000

    /// nil: none is near.
    static func find(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= 80 else { return nil }
        return NearestName.find(UTF8Text(name), among: candidates.prefix(candidateLimit).map { UTF8Text($0) }, within: most(name))?.string
    }

    /// Slips, not other names: of `acme.gw-1` and `acme.gw-2` each may be meant, of `acme.gw-1` and `zeta.truck-7` not.
    private static func most(_ name: String) -> Int { name.utf8.count < 5 ? 1 : 2 }
}
