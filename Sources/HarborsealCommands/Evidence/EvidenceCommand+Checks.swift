internal import AttestationFormat
internal import Foundation

/// Slips in a question that no node has to be asked for: each is 64 with a step, before anything is sent.
extension EvidenceCommand {
    /// Seconds since 1970 of what a person wrote, such as `2026-11-22T14:03:07Z`.
    ///
    /// - Parameter option: `--from` or `--to`, for the error.
    public static func seconds(_ text: String, of option: String) throws -> Int64 {
        if let seconds = Int64(text) { return seconds }
        guard let date = ISO8601DateFormatter().date(from: text) else {
            throw CommandError(
                .usage, "\(option) \(TerminalStyle.safe(text)) is no time", nextStep: "give seconds since 1970 or 2026-11-22T14:03:07Z")
        }
        return Int64(date.timeIntervalSince1970)
    }

    func checkQuestion() throws {
        guard (subject == nil) != (gateway == nil) else {
            throw CommandError(.usage, "evidence is about a subject or about a gateway", nextStep: "give either --subject or --gateway")
        }
        if subject?.isEmpty == true { throw CommandError(.usage, "--subject is empty", nextStep: "give a URI that events name") }
        if let gateway, GatewayID(UTF8Text(gateway)) == nil {
            throw CommandError(
                .usage, "--gateway \(TerminalStyle.safe(gateway)) is no gateway's name",
                nextStep: "give FIRM.DEVICE, of a-z, 0-9 and -, such as acme.gw-1")
        }
        if let fromSeconds, let toSeconds, fromSeconds > toSeconds {
            throw CommandError(.usage, "--from is after --to: no time is asked for", nextStep: "give the earlier time with --from")
        }
        guard (1...3_600).contains(timeoutSeconds) else {
            throw CommandError(.usage, "--timeout is \(timeoutSeconds) s", nextStep: "give 1 to 3600 seconds; 30 without the option")
        }
        guard !nodes.isEmpty else {
            throw CommandError(.usage, "no node to ask", nextStep: "give --node URL for each node of the alliance")
        }
        for node in nodes where !NodeClient.isURL(node) {
            throw CommandError(
                .usage, "--node \(TerminalStyle.safe(node)) is no node's URL",
                nextStep: "give https://HOST:PORT, or http://HOST:PORT for a node on this machine")
        }
    }
}
