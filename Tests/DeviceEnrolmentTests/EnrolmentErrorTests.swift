import AttestationFormat
import Testing

@testable import DeviceEnrolment

/// Every way in which enrolment and renewal can fail, as the commands, `status` and `doctor` say it.
@Suite("what is said of an enrolment")
struct EnrolmentErrorTests {
    private static let table: [(code: EnrolmentError.Code, reason: String, step: String)] = [
        (.badText, "the enrolment text's DETAIL= is missing or wrong", "from harborseal-enrol: on"), (.badCode, "26 letters and digits", "groups of five"),
        (.badAddress, "DETAIL is no https://HOST", "as the enrolment text has it"), (.nameUnknown, "the name DETAIL cannot be looked up", "resolvectl status"),
        (.unreachable(111), "DETAIL: Connection refused", "check network and firewall"), (.noAnswer, "DETAIL did not answer in time", "check network and firewall"),
        (.cutOff, "DETAIL closed the connection", "the code is not used up"), (.noTLS(-40), "DETAIL refuses the TLS 1.2 that this gateway speaks (alert 40)", "is this the registry?"),
        (.noTLS(29_184), "DETAIL does not answer in TLS 1.2 (error 29184 of mbedTLS)", "is this the registry?"),
        (.anchorUnknown, "DETAIL has no CA certificate with the hash", "ask the registry's operator for a new text"),
        (.untrusted, "the certificate of DETAIL was not issued by", "somebody may stand between"), (.otherName, "the certificate of DETAIL is for another name", "add-server --dns NAME"),
        (.expired, "the certificate of DETAIL", "check this machine's clock first (timedatectl)"), (.notYetValid, "the certificate of DETAIL", "check this machine's clock first (timedatectl)"),
        (.noServer, "the certificate of DETAIL is no server's", "check host and port"), (.identityRefused(44), "link certificate (revoked)", "harborseal device code"),
        (.identityRefused(45), "link certificate (expired)", "harborseal device code"), (.identityRefused(48), "link certificate (another CA's)", "harborseal device code"),
        (.identityRefused(42), "link certificate (alert 42)", "harborseal device code"), (.pending(60), "asks for 60 s of patience", "harborseal device approve"),
        (.codeRefused, "the registry does not know this device and code", "harborseal device code"), (.forbidden, "the registry refuses: DETAIL", "harborseal device show"),
        (.requestRefused, "does not take the request: DETAIL", "show its operator this line"), (.tooManyTries(0), "too many tries: DETAIL", "harborseal device code"),
        (.codeLocked, "no waiting unlocks it", "for a new code (harborseal device code), and enroll with it"),
        (.superseded, "another box enrolled under this nameDETAIL", "else take this one out of service"),
        (.tooManyTries(42), "too many tries; the registry answers again in 42 s", "wait, then run"), (.otherIdentity, "refuses its seal key for this code: DETAIL", "run this again with --replace"),
        (.sealRevoked, "enrolled as DETAIL, and its seal certificate is revoked", "enroll with it and --replace"), (.linkRevoked, "its link certificate is revoked", "harborseal device code"),
        (.foreignIssuer, "was not signed by DETAIL", "take the newer trust file first"), (.otherTrust, "trust file DETAIL", "--trust-hash HASH"),
        (.unavailable(503), "cannot answer now (503): DETAIL", "wait some minutes"), (.unexpected(404), "answered 404: DETAIL", "check the address"),
        (.malformed, "DETAIL answered with something else than certificates", "check the address"), (.tooLarge, "DETAIL answered with more than 64 KiB", "check the address"),
        (.foreignKey, "for another key", "nothing was stored"), (.foreignName, "for another name: DETAIL", "nothing was stored"), (.wrongUsage, "for another use", "nothing was stored"),
        (.outOfDate, "the certificate that came", "check this machine's clock first (timedatectl)"), (.heldTrust, "the trust file DETAIL cannot be read, is damaged", "move it away, then run this again"),
        (.otherText, "names another registry or link CA than DETAIL", "--replace"), (.openFolder, "DETAIL", "mend that, then run this again"), (.noPlace, "DETAIL", "name another in agent.conf, then run this again"), (.noConfigurationPlace, "DETAIL", "systemd-tmpfiles --create harborseal-agent.conf"),
        (.readOnly, "DETAIL", "remount it writable, then run this again"), (.foreignFile, "DETAIL", "give it to the agent's user (chown), then run this again"), (.sameKey, "are the same key: DETAIL", "keep the seal key; move the other one away"),
        (.keyStays, "the key DETAIL is the one to replace", "name another object= in [seal] key, in the file that harborseal-agent check-config names"), (.noIdentity, "DETAIL: there is no certificate with its key", "harborseal-agent enroll TEXT"),
        (.busy, "another enrolment or renewal is under way", "wait until it has ended"), (.running, "would go on signing with the old key", "systemctl stop harborseal-agent, then run this again"), (.file, "DETAIL", "run this as root"), (.fileMissing, "DETAIL", "run this as root"),
        (.noSpace, "DETAIL", "free space"), (.crypto, "DETAIL", "mend that, then run this again"), (.token(isPIN: true), "DETAIL", "mend that, then run this again"),
    ]

    @Test("each failure has its reason and one step, in one line", arguments: table.indices)
    func words(index: Int) {
        let row = Self.table[index]
        let error = EnrolmentError(row.code, "DETAIL")
        #expect(error.reason.contains(row.reason), "\(error.reason)")
        #expect(error.advice.description.contains(row.step), "\(error.advice)")
        #expect(error.message == "\(error.reason); \(error.advice)" && !error.message.contains("\n") && !error.message.hasSuffix("."))
        #expect(!error.reason.contains("@") && !error.reason.contains("^"), "\(error.reason)")
    }

    @Test("what the registry's words say again is said once", arguments: [EnrolmentError.Code.codeRefused, .tooManyTries(9)])
    func once(code: EnrolmentError.Code) { #expect(!EnrolmentError(code, "DETAIL").message.contains("DETAIL")) }

    @Test("where a message is cut before its step, nothing of the step is lost", arguments: [EnrolmentError.Code.superseded, .codeLocked, .forbidden, .linkRevoked, .sealRevoked])
    func cut(code: EnrolmentError.Code) { #expect(!EnrolmentError(code, "DETAIL").advice.description.contains(";")) }

    @Test("the registry's words come whole up to 1,000 bytes, and a cut is seen: half a command names another device")
    func wholeWords() throws {
        func words(_ text: String) throws -> String {
            var reader = HTTPReader()
            let answer = try reader.take(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: \(text.utf8.count + 1)\r\n\r\n\(text)\n".utf8)[...])
            return try #require(answer).words.string
        }
        let name = "acme." + String(repeating: "g", count: 59)
        let refusal = "the code of \(name) has been used for a link certificate, with another key: the same gateway: harborseal device code \(name) makes a new code; "
            + "other hardware: harborseal device replace \(name)"
        #expect(try words(refusal) == refusal)
        let longest = String(repeating: "x", count: 1_000)
        #expect(try words(longest) == longest)
        #expect(try words(longest + "y") == longest + "…")
        #expect(try words("a\u{1B}[0mé") == "a?[0m??")
    }

    @Test("a registry that says nothing, and a text of which nothing can be told, leave no colon behind", arguments: [
        (EnrolmentError.Code.forbidden, "the registry refuses"), (.unavailable(500), "the registry cannot answer now (500)"), (.badText, "this is no enrolment text"),
    ])
    func silent(code: EnrolmentError.Code, reason: String) { #expect(EnrolmentError(code).reason == reason) }
}
