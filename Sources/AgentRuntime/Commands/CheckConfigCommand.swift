internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile

/// `check-config`: the effective configuration, or everything that is wrong with it.
enum CheckConfigCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        do throws(ConfigurationProblems) {
            let configuration = try arguments.configuration()
            Output.write(configuration.resolved.text.bytes)
            do throws(SetupError) {
                let name = try AgentSetup.gatewayName(configuration.identity)
                _ = try AgentSetup.makeLink(configuration, gatewayID: name.gatewayID)
            } catch {
                Output.complain(error.text)
                return error.code
            }
            return .success
        } catch {
            for problem in error.problems { Output.complain(problem.message.string) }
            return .configuration
        }
    }
}
