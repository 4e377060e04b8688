import AttestationFormat

/// What the rows of the audit table say has happened, read out of their words, which ``Registry`` writes. Rows of earlier versions tell less: what they lack
/// is nil.
struct AuditedFacts {
    struct DeviceName: Hashable {
        let gatewayID: String
        let generation: Int
    }

    struct Device {
        let row: Int64
        let addedSeconds: Int64
        let addedBy: String
        let note: String?
        /// nil: of a firm's own registry.
        var code: Code?
        var revocation: Revocation?
    }

    /// The newest code.
    struct Code {
        let row: Int64
        let madeSeconds: Int64
        let askedBy: String
        let words: CodeWords
        var approval: (row: Int64, by: String)?
        /// The certificates that were got with it, by the hex of their key ids.
        var uses: [CertificateLabel: (row: Int64, keyID: String?)] = [:]
    }

    /// `code until 2026-11-22 15:47:23Z, mark 0a1b…, waits for a second person`.
    struct CodeWords {
        let expires: String
        let mark: String?
        let needsApproval: Bool?
    }

    struct Revocation {
        let row: Int64
        let firstSeconds: Int64
        /// As ``AllianceTrust/UTCText`` writes it.
        let since: String
        let reason: String
    }

    struct Certificate {
        let row: Int64
        let atSeconds: Int64
        let label: CertificateLabel
        let serial: String
        let gatewayID: String
        let ends: String
        let keyID: String?
        let generation: Int?
    }

    /// One that `device issue` made.
    struct HandCertificate {
        let gatewayID: String
        let label: CertificateLabel
        let serial: String
        var revocation: Revocation
    }

    /// A revoked link certificate that two registries know.
    struct LinkReport {
        let row: Int64
        let gatewayID: String?
        /// Of the first such row.
        let firstSeconds: Int64
        let madeSeconds: Int64
        let since: String
        let reason: String
        var takenSeconds: Int64?
    }

    struct FirmCode {
        let row: Int64
        let mark: String
        let madeSeconds: Int64
        let madeBy: String
    }

    struct List {
        let row: Int64
        let atSeconds: Int64
        let number: Int64
        let owner: String
        let count: Int
        let until: String
        let keyID: String?
    }

    /// What came of sending a statement to a node.
    struct Delivery: Hashable {
        let statementID: Int64
        let node: String
    }

    struct Delivered {
        let row: Int64
        let kind: String
        let gatewayID: String?
        let isRefused: Bool
        let words: String
    }

    /// A revocation, which lists and statements follow from.
    struct Moment: Hashable {
        let gatewayID: String
        let atSeconds: Int64
    }

    private(set) var devices: [DeviceName: Device] = [:]
    /// In the order in which they were registered, as the store counts them.
    private(set) var deviceOrder: [DeviceName] = []
    private(set) var newestGeneration: [String: Int] = [:]
    private(set) var certificates: [Certificate] = []
    private(set) var handCertificates: [HandCertificate] = []
    private(set) var lists: [List] = []
    private(set) var deliveries: [Delivery: Delivered] = [:]
    private(set) var revocationMoments: [Moment: Int64] = [:]
    private(set) var policies: [String: (row: Int64, policy: StoredPolicy)] = [:]
    /// By the firm's name; those that were withdrawn are not there.
    private(set) var firmCodes: [String: FirmCode] = [:]
    /// By the serial number in hex.
    private(set) var linkReports: [String: LinkReport] = [:]
    /// Who gets statements.
    private(set) var nodes: (row: Int64, names: [String])?
    /// The first row that cannot be where it is.
    private(set) var misplaced: Misplaced?

    static let receiptWords = "in its ledger"
    static let codeWords = "code until "
    static let markWords = "mark "
    static let approvalWords = "waits for a second person"
    static let noteWords = "; note: "
    static let handWords = "made by hand"
    static let againWords = "the same "
    static let firmWords = "; asked for by the firm's registry"
    static let firmDeviceWords = "a device of the firm's own registry"
    static let nodesWords = "statements go to "

    mutating func add(_ entry: AuditEntry) {
        if entry.action == .statement { return addDelivery(entry) }
        guard entry.outcome == AuditEntry.ok else { return }
        if misplaced == nil { misplaced = judged(entry) }
        switch entry.action {
        case .add, .reissue: addCode(entry)
        case .replace: addReplacement(entry)
        case .approve: addApproval(entry)
        case .enrol, .renew: addCertificate(entry)
        case .revoke:
            if !addHandRevocation(entry), !addLinkReport(entry) { addRevocation(entry, entry.detail[...]) }
        case .list: if let list = List(entry) { lists.append(list) }
        case .policy: addPolicy(entry)
        case .firmCode: addFirmCode(entry)
        case .configure: addNodes(entry)
        case .statement: return
        }
    }

    // MARK: - Devices

    private mutating func addCode(_ entry: AuditEntry) {
        if entry.action == .add, entry.detail == Self.firmDeviceWords, let gatewayID = entry.gatewayID {
            return insert(DeviceName(gatewayID: gatewayID, generation: 1), entry, note: "", nil)
        }
        guard let gatewayID = entry.gatewayID, let mark = entry.detail.firstRange(of: Self.codeWords) else { return }
        let words = CodeWords(entry.detail[mark.upperBound...])
        let code = Code(row: entry.number, madeSeconds: entry.atSeconds, askedBy: entry.who, words: words)
        guard entry.action == .add else {
            changeNewest(gatewayID) { $0.code = code }
            return
        }
        // A note is written down since codes have a mark.
        let note = entry.detail.firstRange(of: Self.noteWords).map { String(entry.detail[$0.upperBound...]) } ?? ""
        insert(DeviceName(gatewayID: gatewayID, generation: 1), entry, note: words.mark == nil ? nil : note, code)
    }

    /// `generation 2, code until T…; `, or of a firm's own registry `generation 2, a device of…; `, and then what became of the old key.
    private mutating func addReplacement(_ entry: AuditEntry) {
        guard let gatewayID = entry.gatewayID, let generation = Int(entry.detail.dropFirst("generation ".count).prefix { $0.isNumber }) else { return }
        var code: Code?
        if !entry.detail.hasPrefix("generation \(generation), \(Self.firmDeviceWords); ") {
            guard let mark = entry.detail.firstRange(of: Self.codeWords) else { return }
            code = Code(row: entry.number, madeSeconds: entry.atSeconds, askedBy: entry.who, words: CodeWords(entry.detail[mark.upperBound...]))
        }
        let note = devices[DeviceName(gatewayID: gatewayID, generation: generation - 1)]?.note
        insert(DeviceName(gatewayID: gatewayID, generation: generation), entry, note: note, code)
        if let end = entry.detail.firstRange(of: "; ") { addRevocation(entry, entry.detail[end.upperBound...]) }
    }

    private mutating func insert(_ name: DeviceName, _ entry: AuditEntry, note: String?, _ code: Code?) {
        devices[name] = Device(row: entry.number, addedSeconds: entry.atSeconds, addedBy: entry.who, note: note, code: code)
        deviceOrder.append(name)
        newestGeneration[name.gatewayID] = name.generation
    }

    private mutating func addApproval(_ entry: AuditEntry) {
        guard let gatewayID = entry.gatewayID else { return }
        changeNewest(gatewayID) { $0.code?.approval = (entry.number, entry.who) }
    }

    private mutating func changeNewest(_ gatewayID: String, _ change: (inout Device) -> Void) {
        let name = DeviceName(gatewayID: gatewayID, generation: newestGeneration[gatewayID] ?? 1)
        guard var device = devices[name] else { return }
        change(&device)
        devices[name] = device
    }

    /// `generation 1, since 2026-11-22 15:47:23Z: stolen`.
    private mutating func addRevocation(_ entry: AuditEntry, _ words: Substring) {
        let (start, middle) = ("generation ", ", since ")
        guard let gatewayID = entry.gatewayID, words.hasPrefix(start) else { return }
        let digits = words.dropFirst(start.count).prefix { $0.isNumber }
        let rest = words.dropFirst(start.count + digits.count)
        guard let generation = Int(digits), rest.hasPrefix(middle), let (since, reason) = Self.since(rest.dropFirst(middle.count)) else { return }
        revocationMoments[Moment(gatewayID: gatewayID, atSeconds: entry.atSeconds)] = entry.number
        let name = DeviceName(gatewayID: gatewayID, generation: generation)
        let first = devices[name]?.revocation?.firstSeconds ?? entry.atSeconds
        devices[name]?.revocation = Revocation(row: entry.number, firstSeconds: first, since: since, reason: reason)
    }

    /// `seal certificate 0a1b… made by hand, since 2026-11-22 15:47:23Z: stolen`; false: it is of a device.
    private mutating func addHandRevocation(_ entry: AuditEntry) -> Bool {
        let middle = " \(Self.handWords), since "
        guard let (label, rest) = Self.labelled(entry.detail), let mark = rest.firstRange(of: middle), let gatewayID = entry.gatewayID,
            let (since, reason) = Self.since(rest[mark.upperBound...])
        else { return false }
        revocationMoments[Moment(gatewayID: gatewayID, atSeconds: entry.atSeconds)] = entry.number
        let serial = String(rest[..<mark.lowerBound])
        if let index = handCertificates.firstIndex(where: { $0.serial == serial && $0.label == label }) {
            let first = handCertificates[index].revocation.firstSeconds
            handCertificates[index].revocation = Revocation(row: entry.number, firstSeconds: first, since: since, reason: reason)
            return true
        }
        let revocation = Revocation(row: entry.number, firstSeconds: entry.atSeconds, since: since, reason: reason)
        handCertificates.append(HandCertificate(gatewayID: gatewayID, label: label, serial: serial, revocation: revocation))
        return true
    }

    /// `2026-11-22 15:47:23Z: stolen`.
    private static func since(_ words: Substring) -> (since: String, reason: String)? {
        guard let end = words.firstRange(of: "Z: ") else { return nil }
        return (words[..<end.lowerBound] + "Z", String(words[end.upperBound...]))
    }

    static func labelled(_ detail: String) -> (CertificateLabel, Substring)? {
        for label in CertificateLabel.allCases where detail.hasPrefix("\(label.rawValue) certificate ") {
            return (label, detail.dropFirst(label.rawValue.count + " certificate ".count))
        }
        return nil
    }

    // MARK: - Certificates, statements, rules

    /// `seal certificate 0a1b…, until …, of key …, generation 1`; `the same …` is none that is new.
    private mutating func addCertificate(_ entry: AuditEntry) {
        guard let gatewayID = entry.gatewayID, let (certificate, isNew) = Certificate.told(entry) else { return }
        if isNew { certificates.append(certificate) }
        // A firm's registry uses a code of its own.
        guard entry.action == .enrol, !entry.detail.hasSuffix(Self.firmWords) else { return }
        changeNewest(gatewayID) { $0.code?.uses[certificate.label] = (entry.number, certificate.keyID) }
    }

    /// `link certificate 0a1b…, for the alliance's registry: revoked, since 2026-11-22 15:47:23Z`; false: other words.
    private mutating func addLinkReport(_ entry: AuditEntry) -> Bool {
        guard let (words, serial, reason, since) = LinkReportWords.parse(entry.detail) else { return false }
        guard words != .taken else {
            linkReports[serial]?.takenSeconds = entry.atSeconds
            return true
        }
        linkReports[serial] = LinkReport(
            row: entry.number, gatewayID: entry.gatewayID, firstSeconds: linkReports[serial]?.firstSeconds ?? entry.atSeconds, madeSeconds: entry.atSeconds,
            since: since, reason: reason, takenSeconds: words == .heard ? entry.atSeconds : nil)
        return true
    }

    private mutating func addFirmCode(_ entry: AuditEntry) {
        guard let (firm, words) = FirmCodeWords.parse(entry.detail) else { return }
        switch words {
        case .made(let mark): firmCodes[firm] = FirmCode(row: entry.number, mark: mark, madeSeconds: entry.atSeconds, madeBy: entry.who)
        case .withdrawn: firmCodes[firm] = nil
        }
    }

    /// `registration statement 5, node hk-1: in its ledger`.
    private mutating func addDelivery(_ entry: AuditEntry) {
        guard let mark = entry.detail.firstRange(of: ": ") else { return }
        let words = entry.detail[..<mark.lowerBound].split(separator: " ")
        guard words.count == 5, let statementID = Int64(words[2].dropLast()) else { return }
        deliveries[Delivery(statementID: statementID, node: String(words[4]))] = Delivered(
            row: entry.number, kind: String(words[0]), gatewayID: entry.gatewayID, isRefused: entry.outcome != AuditEntry.ok,
            words: String(entry.detail[mark.upperBound...]))
    }

    private mutating func addNodes(_ entry: AuditEntry) {
        guard entry.detail.hasPrefix(Self.nodesWords) else { return }
        let names = entry.detail.dropFirst(Self.nodesWords.count)
        nodes = (entry.number, names == "no node" ? [] : names.split(separator: ", ").map(String.init))
    }

    private mutating func addPolicy(_ entry: AuditEntry) {
        guard let (firm, words) = PolicyWords.parse(entry.detail) else { return }
        var policy = policies[firm]?.policy ?? StoredPolicy(needsSecondPerson: false, setSeconds: entry.atSeconds, setBy: entry.who)
        switch words {
        case .adopted, .on: policy = StoredPolicy(needsSecondPerson: true, setSeconds: entry.atSeconds, setBy: entry.who)
        case .off, .offApproved: policy = StoredPolicy(needsSecondPerson: false, setSeconds: entry.atSeconds, setBy: entry.who)
        case .offAsked: policy.request = StoredPolicy.Request(askedSeconds: entry.atSeconds, askedBy: entry.who, account: entry.address)
        case .withdrawn: policy.request = nil
        }
        policies[firm] = (entry.number, policy)
    }
}

extension AuditedFacts.CodeWords {
    /// What follows `code until `.
    init(_ words: Substring) {
        let parts = words.prefix { $0 != ";" }.split(separator: ", ", omittingEmptySubsequences: false)
        expires = parts.first.map(String.init) ?? ""
        mark = parts.first { $0.hasPrefix(AuditedFacts.markWords) }.map { String($0.dropFirst(AuditedFacts.markWords.count)) }
        needsApproval = mark == nil ? nil : parts.contains { $0 == AuditedFacts.approvalWords }
    }
}

extension AuditedFacts.Certificate {
    /// One that is new, or one that is `the same` and that a code was used for once more, which names its key.
    fileprivate static func told(_ entry: AuditEntry) -> (AuditedFacts.Certificate, isNew: Bool)? {
        if let certificate = AuditedFacts.Certificate(entry, entry.detail) { return (certificate, true) }
        guard entry.detail.hasPrefix(AuditedFacts.againWords),
            let certificate = AuditedFacts.Certificate(entry, String(entry.detail.dropFirst(AuditedFacts.againWords.count))), certificate.keyID != nil
        else { return nil }
        return (certificate, false)
    }

    private init?(_ entry: AuditEntry, _ detail: String) {
        guard let (label, rest) = AuditedFacts.labelled(detail), let gatewayID = entry.gatewayID else { return nil }
        let parts = rest.prefix { $0 != ";" }.split(separator: ", ")
        func value(_ start: String) -> String? { parts.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) } }
        guard let serial = parts.first, let ends = value("until ") else { return nil }
        self.init(
            row: entry.number, atSeconds: entry.atSeconds, label: label, serial: String(serial), gatewayID: gatewayID, ends: ends,
            keyID: value("of key "), generation: value("generation ").flatMap { Int($0) })
    }
}

extension AuditedFacts.List {
    /// `list 1800000000 of firm acme, 1 revoked, until …, by key …`.
    fileprivate init?(_ entry: AuditEntry) {
        let parts = entry.detail.split(separator: ", ")
        guard parts.count >= 3, parts[0].hasPrefix("list "), let mark = parts[0].firstRange(of: " of "),
            let number = Int64(parts[0][..<mark.lowerBound].dropFirst(5)), let count = Int(parts[1].prefix { $0.isNumber }), parts[2].hasPrefix("until ")
        else { return nil }
        self.init(
            row: entry.number, atSeconds: entry.atSeconds, number: number, owner: String(parts[0][mark.upperBound...]), count: count,
            until: String(parts[2].dropFirst("until ".count)), keyID: parts.count > 3 ? String(parts[3].dropFirst("by key ".count)) : nil)
    }
}
