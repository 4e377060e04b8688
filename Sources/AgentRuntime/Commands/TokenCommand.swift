internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import SealToken

/// `token list|make-key|login`: a PKCS#11 token as the agent sees it. The work is a helper's (``TokenErrand``), as it is in the running agent.
enum TokenCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let verb = arguments.operands.first else { return AgentProgram.usage("token needs a verb: list, make-key or login") }
        guard let errand = TokenErrand(verb) else { return AgentProgram.usage("unknown verb \(verb.string) of token") }
        let module = arguments.value("--module")
        guard arguments.operands.count <= (module == nil ? 2 : 1) else { return AgentProgram.usage("token \(verb.string) takes one URI, or --module PATH") }
        do throws(SetupError) {
            let uri = try self.uri(arguments, module)
            let answer: TokenAnswer
            do throws(TokenError) { answer = try errand.answer(about: uri, asJSON: arguments.wantsJSON) } catch { throw SetupError(error.exitCode, error.message) }
            Output.write(answer.output)
            if !answer.notes.isEmpty { Output.complain(String(decoding: answer.notes, as: UTF8.self)) }
            return ExitCode(rawValue: Int32(answer.code)) ?? .failure
        } catch {
            Output.complain(error.text)
            return error.code
        }
    }

    /// The URI of the command line, or the configuration's, which needs to say nothing else.
    private static func uri(_ arguments: Arguments, _ module: UTF8Text?) throws(SetupError) -> TokenURI {
        do throws(TokenURIError) {
            if let module { return try TokenURI(TokenURI.scheme + "?module-path=" + module) }
            if arguments.operands.count == 2 { return try TokenURI(arguments.operands[1]) }
        } catch {
            throw SetupError(.configuration, "this is no usable pkcs11 URI: \(error.reason.string)")
        }
        let settings: EnrolmentSettings
        do throws(ConfigurationProblems) {
            settings = try EnrolmentSettings(arguments.layers)
        } catch {
            throw SetupError(error.exitCode, error.message.string)
        }
        guard let uri = settings.sealKey.uri else {
            throw SetupError(.configuration, "[seal] key is a file, not a token: give a URI, for example 'pkcs11:?module-name=tpm2_pkcs11', or --module PATH")
        }
        return uri
    }
}

extension TokenError {
    /// What a command ends with.
    var exitCode: ExitCode {
        if concernsPIN { return .noPermission }
        return switch code {
        case .keyNameless: .configuration
        case .keyExists, .readOnly, .full: .cannotCreate
        case .failed, .signatureNotVerified, .sessionLost, .helperEnded, .helperLate: .inputOutput
        case .noMemory, .helperNotStarted: .system
        default: .noInput
        }
    }
}
