internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// How far back a revocation reaches, and what becomes void by it: it cannot be undone.
struct RevocationReach {
    /// A gateway that is missed is missed within a day; what reaches farther back may be a slip, and takes much with it.
    private static let unquestionedSeconds: Int64 = 86_400
    /// What a gateway that has just been enrolled signed is no loss.
    private static let negligibleSeconds: Int64 = 600

    private let gatewayID: GatewayID
    private let sinceSeconds: Int64
    /// Until when what it signed counted so far.
    private let endSeconds: Int64
    private let nowSeconds: Int64
    /// nil: it never had a seal certificate, and has signed nothing that counts.
    private let firstSealSeconds: Int64?

    init(sinceSeconds: Int64, _ detail: DeviceDetail, nowSeconds: Int64) {
        gatewayID = detail.device.gatewayID
        self.sinceSeconds = sinceSeconds
        self.nowSeconds = nowSeconds
        endSeconds = min(detail.device.revokedSinceSeconds ?? nowSeconds, nowSeconds)
        firstSealSeconds = detail.certificates.filter { $0.label == .seal }.map(\.issuedSeconds).min()
    }

    /// - Parameter firstSealSeconds: from when on its seal certificate counts; nil: it is none.
    init(sinceSeconds: Int64, _ gatewayID: GatewayID, endSeconds: Int64, firstSealSeconds: Int64?) {
        (self.sinceSeconds, self.gatewayID, self.endSeconds, self.firstSealSeconds) = (sinceSeconds, gatewayID, endSeconds, firstSealSeconds)
        nowSeconds = endSeconds
    }

    /// What becomes void, where somebody has to say that this is meant; nil: the time is not more than a day back, and that is not all that it signed in more
    /// than ten minutes.
    var words: String? {
        let isFar = nowSeconds - sinceSeconds > Self.unquestionedSeconds
        guard let firstSealSeconds, sinceSeconds < endSeconds else { return isFar ? farWords : nil }
        let start = max(sinceSeconds, firstSealSeconds)
        guard isFar || (isAll && endSeconds - start > Self.negligibleSeconds) else { return nil }
        let time = "\(Self.span(endSeconds - start)), since \(UTCText.text(seconds: start))"
        let all = isAll ? ": all that it ever signed, its first seal certificate is of that time" : ""
        return "revoked since \(UTCText.text(seconds: sinceSeconds)), what \(gatewayID) signed in \(time), would count no more, whatever receipts it has\(all)"
    }

    /// Of a time far back by which nothing becomes void that the registry knows of.
    private var farWords: String {
        let why = firstSealSeconds == nil ? "it has no seal certificate that becomes void by it" : "it is revoked since then or earlier"
        return "\(gatewayID) would be revoked since \(UTCText.text(seconds: sinceSeconds)), which is \(Self.span(nowSeconds - sinceSeconds)) back; \(why)"
    }

    /// Whether nothing is left of what it signed: no node had a certificate of its seal key before.
    private var isAll: Bool { firstSealSeconds.map { sinceSeconds <= $0 } ?? false }

    /// What the revocation has left of what it signed, for whoever reads that it is done.
    var result: String {
        guard let firstSealSeconds else { return "its code and its link certificate, where it has them, are good for nothing" }
        guard isAll else { return "what was receipted before stays valid" }
        return "nothing that it signed counts, whatever receipts it has, its first seal certificate is of \(UTCText.text(seconds: firstSealSeconds))"
    }

    /// Asks for a yes, where one is needed and not given.
    ///
    /// - Parameter confirm: asks a person; nil: there is none.
    /// - Throws: ``CommandError`` with code `usage` where nobody can be asked, `failed` where the answer is no.
    func check(isConfirmed: Bool, _ confirm: ((String) -> Bool)?) throws {
        guard let words, !isConfirmed else { return }
        guard let confirm else {
            throw CommandError(.usage, words, nextStep: "give --yes if that is meant, or a later --since; it cannot be undone")
        }
        guard confirm(words) else { throw CommandError(.failed, "nothing was revoked: it was not confirmed", nextStep: "give a later --since") }
    }

    /// `45 s`, `3 h 20 min`, `12 days 4 h`.
    static func span(_ seconds: Int64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60)
        if days > 0 { return "\(days) \(days == 1 ? "day" : "days")\(hours > 0 ? " \(hours) h" : "")" }
        if hours > 0 { return "\(hours) h\(minutes > 0 ? " \(minutes) min" : "")" }
        return minutes > 0 ? "\(minutes) min" : "\(seconds) s"
    }
}
