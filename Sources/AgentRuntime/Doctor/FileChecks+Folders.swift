internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import SealToken
internal import SmallFiles

extension FileChecks {
    /// Less than this much free is a problem: one segment and the file system's own needs.
    private static var leastFreeByteCount: Int64 { 16 << 20 }

    /// The medium under the journal, and the folders where sockets are made.
    mutating func folders() {
        keyFolders()
        let journal = configuration.journal
        if isUsable("journal-folder", journal.directory, isMadeByAgent: true) {
            disk(journal.directory, capByteCount: journal.capByteCount)
        }
        if !configuration.control.socketPath.bytes.isEmpty {
            _ = isUsable("socket-folder", SmallFile.parent(of: configuration.control.socketPath), isMadeByAgent: false)
        }
        for source in configuration.sources {
            guard case .intake(let path, _, _, _) = source.kind else { continue }
            let folder = SmallFile.parent(of: path)
            if folder != SmallFile.parent(of: configuration.control.socketPath) {
                _ = isUsable("socket-folder", folder, isMadeByAgent: false)
            }
        }
    }

    private mutating func keyFolders() {
        let seal = configuration.seal.key.file ?? configuration.seal.certificateFile
        let folders = (SmallFile.parent(of: seal), SmallFile.parent(of: configuration.link.keyFile ?? seal))
        if let fault = KeyFolder.fault(folders, user: agentUser) { findings.add(.problem, "key-folder", splitting: fault) }
    }

    /// Whether the agent's user can write there; says so either way.
    private mutating func isUsable(_ check: StaticString, _ path: UTF8Text, isMadeByAgent: Bool) -> Bool {
        var facts = posix_path_facts()
        let result = path.withCText { posix_path_facts_of($0, &facts) }
        guard result == 0, facts.is_folder else {
            if result == -Int32(ErrorNumber.notFound), isMadeByAgent {
                findings.ok(check, path.string, "not there yet: the agent makes it at its first start")
            } else {
                findings.add(
                    result == -Int32(ErrorNumber.notFound) ? .warning : .problem, check, path.string,
                    result == 0 ? "is no folder" : SystemWords.of(-result),
                    advice: "make the folder for the agent's user; systemd, OpenRC and procd do when they start the service")
            }
            return false
        }
        if facts.permissions & 0o002 != 0, facts.permissions & 0o1000 == 0 {
            findings.add(.warning, check, path.string, "everybody may write there", advice: "chmod o-w \(path.string)")
        }
        // Root may write anywhere; whether the agent may is told by owner and mode.
        let isOwner = agentUser.map { $0 == facts.user_id || $0 == 0 } ?? true
        let isWritable = path.withCText { posix_path_is_writable($0) }
        if isWritable != 0 || (!isOwner && facts.permissions & 0o022 == 0) {
            findings.add(
                .problem, check, path.string, isWritable != 0 ? SystemWords.of(-isWritable) : "belongs to user \(facts.user_id), not to the agent's",
                advice: isWritable == -ErrorNumber.readOnly
                    ? "the file system is read-only: look for errors of the medium in dmesg, then remount or replace it"
                    : "chown it to the agent's user, or run this as root or as that user")
            return false
        }
        findings.ok(check, path.string, "writable, mode \(Self.octal(facts.permissions))")
        return true
    }

    private mutating func disk(_ path: UTF8Text, capByteCount: Int64) {
        let free = path.withCText { posix_path_free_bytes($0) }
        guard free >= 0 else {
            findings.add(.problem, "disk", path.string, SystemWords.of(Int32(clamping: -free)), advice: "look for errors of the medium in dmesg")
            return
        }
        let words = "\(free >> 20) MiB free, the journal may take \(capByteCount >> 20) MiB"
        if free < Self.leastFreeByteCount {
            findings.add(.problem, "disk", path.string, words, advice: "free space: sources are held back while nothing can be stored")
        } else if free < capByteCount / 5 {
            findings.add(.warning, "disk", path.string, words, advice: "free space, or lower [journal] cap so that the journal plans with what is there")
        } else {
            findings.ok("disk", path.string, words)
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        var digits: [UInt8] = []
        for shift: UInt32 in [9, 6, 3, 0] { digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (mode >> shift) & 7)) }
        return String(decoding: digits, as: UTF8.self)
    }
}
