internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents
internal import SealToken

/// Finds combinations of values that are each allowed and cannot work together.
struct CrossCheck {
    let resolved: ResolvedConfiguration
    private(set) var problems: [ConfigurationProblem] = []

    init(_ resolved: ResolvedConfiguration) {
        self.resolved = resolved
    }

    mutating func run() {
        checkIdentity()
        checkJournal()
        checkSharing()
        checkLink()
        checkKeys()
        checkSockets()
        checkReplays()
        checkDevices()
        checkReceivers()
        checkLocalBrokers()
        checkMappings()
    }

    private mutating func checkIdentity() {
        let firm = resolved.text("identity", "firm") ?? ""
        let device = resolved.text("identity", "device") ?? ""
        if firm == "node" || firm == "alliance" {
            report("identity", "firm", "the firm name \"" + firm + "\" is reserved; use the firm's name in the trust file")
        }
        // wire-format.md, section 2: both names and the dot have at most 64 characters.
        if firm.byteCount + 1 + device.byteCount > 64 {
            report("identity", "device", "firm and device together have more than 63 characters; shorten the device's name")
        }
    }

    private mutating func checkJournal() {
        guard let row = resolved.row("journal", "segment-bytes"), row.origin != .builtIn,
            case .number(let segment) = row.value, let cap = resolved.number("journal", "cap"), segment > cap / 16
        else { return }
        report(
            "journal", "segment-bytes",
            "segment-bytes must be at most a sixteenth of cap, here " + ByteCountText.text(cap / 16)
                + "; make it smaller, or cap larger")
    }

    private mutating func checkSharing() {
        let financing = KnownKind.financeLinked.description.name.text
        guard resolved.text("batches", "share") != "hashes", resolved.texts("batches", "share-exceptions").contains(financing)
        else { return }
        report(
            "batches", "share-exceptions",
            financing + " is never withheld, since banks look for double financing by its bytes; take it out")
    }

    private mutating func checkLink() {
        let isInsecure = resolved.flag("link", "insecure") ?? false
        func has(_ key: UTF8Text) -> Bool { resolved.text("link", key) != nil }
        if has("certificate") != has("key") {
            let (present, absent): (UTF8Text, UTF8Text) = has("key") ? ("key", "certificate") : ("certificate", "key")
            report("link", present, present + " is set and " + absent + " is not; the two go together: set " + absent + " too")
        } else if has("certificate"), !has("ca") {
            report("link", "certificate", "certificate and key are set and ca is not: there would be no TLS; set ca to the link CA's file")
        }
        guard !resolved.texts("link", "brokers").isEmpty, !isInsecure else { return }
        guard has("ca"), has("certificate"), has("key") else {
            report(
                "link", "brokers",
                "a broker needs ca, certificate and key: without them the connection would not be protected; set all three, "
                    + "or insecure = true on a bench")
            return
        }
    }

    /// One key for TLS and for evidence would let a broken TLS stack sign evidence.
    private mutating func checkKeys() {
        checkToken()
        guard let link = resolved.text("link", "key"), link == resolved.text("seal", "key") else { return }
        report("link", "key", "the link's key is the seal key; the two must differ: enrol the link with a key of its own")
    }

    private mutating func checkToken() {
        guard let text = resolved.text("seal", "key"), TokenURI.isURI(text) else { return }
        do throws(TokenURIError) {
            let uri = try TokenURI(text)
            guard uri.modulePath == nil, uri.moduleName == nil else { return }
            reportBadValue("seal", "key", "names no PKCS#11 library; add ?module-path= with its file, or ?module-name=")
        } catch {
            reportBadValue("seal", "key", "is no usable pkcs11 URI: " + error.reason)
        }
    }

    private mutating func checkSockets() {
        var seen: [(path: UTF8Text, owner: UTF8Text)] = []
        if let control = resolved.text("control", "socket") { seen.append((control, "[control]")) }
        for name in resolved.members(of: "source.") {
            let section = "source." + name
            guard let path = resolved.text(section, "socket") else { continue }
            if let first = seen.first(where: { $0.path == path }) {
                report(section, "socket", "the socket " + path + " belongs to " + first.owner + " already; choose another path")
            }
            seen.append((path, "[" + section + "]"))
        }
    }

    /// A replayed line is known by its file's name, so two files of one name would pass for one.
    private mutating func checkReplays() {
        var seen: [(name: ArraySlice<UInt8>, section: UTF8Text)] = []
        for member in resolved.members(of: "source.") {
            let section = "source." + member
            guard let file = resolved.text(section, "file") else { continue }
            let start = file.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            let name = file.bytes[start...]
            if let first = seen.first(where: { $0.name.elementsEqual(name) }) {
                report(section, "file", "[" + first.section + "] replays a file of the same name, and lines are told apart by it; rename one")
            }
            seen.append((name, section))
        }
    }

    mutating func report(_ section: UTF8Text, _ key: UTF8Text, _ reason: UTF8Text) {
        let origin = resolved.row(section, key)?.origin ?? .builtIn
        problems.append(ConfigurationProblem(.impossible, at: origin, "[" + section + "]: " + reason))
    }

    mutating func reportBadValue(_ section: UTF8Text, _ key: UTF8Text, _ reason: UTF8Text) {
        let origin = resolved.row(section, key)?.origin ?? .builtIn
        problems.append(ConfigurationProblem(.badValue, at: origin, "\"" + key + "\" of [" + section + "] " + reason))
    }
}
