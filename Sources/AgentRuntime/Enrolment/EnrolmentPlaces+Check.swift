internal import AttestationFormat
internal import CPosixShims
internal import DeviceEnrolment
internal import SealToken
internal import SmallFiles

extension EnrolmentPlaces {
    /// Whether each file of an enrolment can be made where it goes, judged as the user who will make it. Before anything is asked for: behind the
    /// registry's answer a code is used up and a seal key is in the ledgers, and a key without its certificate is lost with them.
    ///
    /// - Parameter dropIns: the folder of the configuration's own part; nil if the configuration says everything already.
    /// - Throws: `openFolder`, and `noPlace`, `noConfigurationPlace`, `readOnly` or `foreignFile` for the first file that cannot be made.
    func check(_ dropIns: UTF8Text?) throws(EnrolmentError) {
        try user?.act()
        try refuseOpenFolders()
        if let key = seal.key.file { try check(key, "[seal] key") }
        try check(seal.certificate, "[seal] certificate")
        try check(link.key.text, "[link] key")
        try check(link.certificate, "[link] certificate")
        // These two stay where they are there already.
        if (try? SmallFile.facts(of: authority)) == nil { try check(authority, "[link] ca") }
        if (try? SmallFile.facts(of: trustFile)) == nil { try check(trustFile, "[trust] file") }
        try user?.actAsRoot()
        guard let dropIns else { return }
        // Without another user's group to give it to, the folder is made where it is missing.
        try check(user == nil && !SmallFile.exists(dropIns) ? dropIns : dropIns + "/10-gateway.conf", "configuration", .noConfigurationPlace)
    }

    private func check(_ path: UTF8Text, _ key: StaticString, _ code: EnrolmentError.Code = .noPlace) throws(EnrolmentError) {
        let fault = path.withCText { posix_place_fault($0) }
        guard fault != 0 else { return }
        let error = fault > 0
            ? FileError(.remove, fault == 1 ? path : path + ".next", systemError: ErrorNumber.notPermitted) : FileError(.create, path, systemError: -fault)
        throw EnrolmentError(
            fault > 0 ? .foreignFile : fault == -ErrorNumber.readOnly ? .readOnly : code,
            UTF8Text(stringLiteral: key) + " = " + UTF8Text(error.message))
    }
}
