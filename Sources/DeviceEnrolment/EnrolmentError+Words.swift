internal import AttestationFormat
internal import CPosixShims
internal import SmallFiles

extension EnrolmentError {
    /// What happened and the value.
    public var reason: String {
        if case .unreachable(let error) = code { return detail.string + ": " + String(cString: hs_error_text(error)) }
        let words = MessageForm.filled(form, text: detail.string, number: number)
        // The registry's own words.
        return isAnswer && !detail.bytes.isEmpty ? words + ": " + detail.string : words
    }

    /// `@` is the detail, `^` the number.
    private var form: StaticString {
        switch code {
        case .badText: detail.bytes.isEmpty ? "this is no enrolment text" : "the enrolment text's @= is missing or wrong"
        case .badCode: "the code must have 26 letters and digits, without the letter U"
        case .badAddress: "@ is no https://HOST or https://HOST:PORT"
        case .nameUnknown: "the name @ cannot be looked up"
        case .noAnswer: "@ did not answer in time"
        case .cutOff: "@ closed the connection before its answer was whole"
        case .noTLS(..<0): "@ refuses the TLS 1.2 that this gateway speaks (alert ^)"
        case .noTLS: "@ does not answer in TLS 1.2 (error ^ of mbedTLS)"
        case .anchorUnknown: "@ has no CA certificate with the hash of the enrolment text"
        case .untrusted: "the certificate of @ was not issued by the alliance's link CA"
        case .otherName: "the certificate of @ is for another name"
        case .expired, .notYetValid: "the certificate of @"
        case .noServer: "the certificate of @ is no server's"
        // RFC 5246, 7.2.2.
        case .identityRefused(44): "the registry does not accept this gateway's link certificate (revoked)"
        case .identityRefused(45): "the registry does not accept this gateway's link certificate (expired)"
        case .identityRefused(48): "the registry does not accept this gateway's link certificate (another CA's)"
        case .identityRefused: "the registry does not accept this gateway's link certificate (alert ^)"
        case .pending: "the registry waits for a second person's approval, and asks for ^ s of patience"
        case .codeRefused: "the registry does not know this device and code"
        case .codeLocked: "the code is locked: too many wrong ones were tried, and no waiting unlocks it"
        case .superseded: "another box enrolled under this name@"
        case .forbidden: "the registry refuses"
        case .requestRefused: "the registry does not take the request"
        case .otherIdentity: "this gateway is enrolled already, and the registry refuses its seal key for this code"
        case .tooManyTries(0): "too many tries"
        case .tooManyTries: "too many tries; the registry answers again in ^ s"
        case .unavailable: "the registry cannot answer now (^)"
        case .unexpected: "the registry answered ^"
        case .malformed: "@ answered with something else than certificates"
        case .tooLarge: "@ answered with more than 64 KiB"
        case .otherTrust: "the registry's trust file @"
        case .heldTrust: "the trust file @ cannot be read, is damaged, or is another alliance's"
        case .otherText: "this gateway is enrolled, and the text names another registry or link CA than @"
        case .foreignIssuer: "the certificate that came was not signed by @"
        case .foreignKey: "the certificate that came is for another key"
        case .foreignName: "the certificate that came is for another name: @"
        case .wrongUsage: "the certificate that came is for another use"
        case .outOfDate: "the certificate that came@"
        case .sealRevoked: "this gateway is enrolled as @, and its seal certificate is revoked"
        case .linkRevoked: "this gateway is enrolled as @, and its link certificate is revoked"
        case .sameKey: "the seal key and the link key are the same key: @"
        case .keyStays: "the key @ is the one to replace, and stays in its token"
        case .noIdentity: "@: there is no certificate with its key that could be renewed"
        case .busy: "another enrolment or renewal is under way"
        case .running: "the agent is running and would go on signing with the old key"
        case .unreachable, .file, .fileMissing, .noSpace, .openFolder, .noPlace, .noConfigurationPlace, .readOnly, .foreignFile, .crypto, .token: "@"
        }
    }

    private var number: Int64 {
        switch code {
        case .noTLS(let number): abs(Int64(number))
        case .identityRefused(let alert): Int64(alert)
        case .pending(let number), .unavailable(let number), .unexpected(let number), .tooManyTries(let number): Int64(number)
        default: 0
        }
    }

    /// Not of a 401, nor of a time to wait, which these words would say twice.
    private var isAnswer: Bool {
        switch code {
        case .forbidden, .otherIdentity, .requestRefused, .tooManyTries(0), .unavailable, .unexpected: true
        default: false
        }
    }

    /// One step for whoever stands at the gateway.
    public var advice: StaticString {
        switch code {
        case .badText: "copy it whole, in quotes, from harborseal-enrol: on"
        case .badCode: "read it again: groups of five, U does not occur"
        case .badAddress: "give the registry's address as the enrolment text has it"
        case .nameUnknown: "check the network and its name servers (resolvectl status), then run this again"
        case .unreachable, .noAnswer: "check network and firewall to that port, then run this again"
        case .cutOff: "run this again: the same key is asked for again, and the code is not used up"
        case .noTLS: "check host and port: is this the registry?"
        case .anchorUnknown, .untrusted: "somebody may stand between: check the address, and ask the registry's operator for a new text"
        case .otherName: "use the name that the registry's certificate has (harborseal alliance add-server --dns NAME)"
        case .expired, .notYetValid, .outOfDate:
            "check this machine's clock first (timedatectl), and where it is right show the registry's operator this line"
        case .noServer: "check host and port: another program of the alliance answers there"
        case .identityRefused, .linkRevoked, .codeLocked: "ask the firm's operator for a new code (harborseal device code), and enroll with it"
        case .sealRevoked: "ask the firm's operator for a code for new keys (harborseal device replace), and enroll with it and --replace"
        case .pending: "have it approved (harborseal device approve), then run the same command again"
        case .codeRefused: "check device and code; the firm's operator makes a new one (harborseal device code)"
        // Without a semicolon: the last one of a message stands before its step.
        case .superseded:
            "if this is the right box, ask the firm's operator for a code (harborseal device show), which ends the other's link, and enroll with it, else take this one out of service"
        case .forbidden: "ask the firm's operator (harborseal device show), then enroll with a new code"
        case .requestRefused, .unexpected, .malformed, .tooLarge: "check the address; if it is the registry, show its operator this line"
        case .otherIdentity: "run this again with --replace if the code is for new keys (harborseal device replace); else ask the firm's operator (harborseal device show)"
        case .tooManyTries: "wait, then run the same command again; if it goes on, ask for a new code (harborseal device code)"
        case .unavailable: "wait some minutes, then run the same command again"
        case .otherTrust: "ask the alliance for the right one's hash, and run this again with --trust-hash HASH; or copy alliance.hstrust to its place"
        case .heldTrust: "move it away, then run this again: the registry's comes in its place"
        case .otherText: "nothing was changed: take this gateway's own text, correct [registry] address if that has moved, or add --replace for new keys"
        case .foreignIssuer: "nothing was stored; has the firm a new issuing key, take the newer trust file first; else show the registry's operator this line"
        case .foreignKey, .foreignName, .wrongUsage: "nothing was stored; show the registry's operator this line"
        case .sameKey: "keep the seal key; move the other one away, then run this again"
        case .noIdentity: "enroll this gateway: harborseal-agent enroll TEXT"
        case .busy: "wait until it has ended"
        case .running: "systemctl stop harborseal-agent, then run this again"
        case .noSpace: "free space, then run this again"
        case .file, .fileMissing: "run this as root; check the folder and whether its file system is writable"
        case .noPlace: "make that folder, for the agent's user to write, or name another in agent.conf, then run this again"
        case .noConfigurationPlace: "run this as root; systemd-tmpfiles --create harborseal-agent.conf, or mkdir, makes a missing folder, which stays root's"
        case .readOnly: "remount it writable, then run this again"
        case .foreignFile: "it is another user's in a sticky folder: give it to the agent's user (chown), then run this again"
        case .keyStays: "name another object= in [seal] key, in the file that harborseal-agent check-config names for it (agent.conf.d wins over agent.conf), then run this again"
        case .openFolder, .crypto, .token: "mend that, then run this again"
        }
    }

    /// One line: what happened, the value, what to do.
    public var message: String { reason + "; " + advice.description }
}
